// What the main thread and the reader worker say to each other. Structured-clone data only.

import type { EventLines } from "../api/event-pages.ts";
import type { EventPageQuery } from "../projections/event-page.ts";

export interface ReaderWorkerData {
  /** Of the event log, which exists. */
  readonly path: string;
}

export interface ReaderQuestion {
  readonly id: number;
  readonly query: EventPageQuery;
}

export type ReaderAnswer =
  | { readonly id: number; readonly page: EventLines }
  | { readonly id: number; readonly error: string };
