// What the main thread and the reader worker say to each other. Structured-clone data only.

import type { LogAnswers, LogQuestion } from "../api/log-questions.ts";
import type { ErrorCode } from "../errors.ts";

export interface ReaderWorkerData {
  /** Of the event log, which exists. */
  readonly path: string;
}

export interface ReaderQuestion {
  readonly id: number;
  readonly question: LogQuestion;
}

export type ReaderAnswer =
  | { readonly id: number; readonly answer: LogAnswers[LogQuestion["kind"]] }
  /** Without a code it is a defect. */
  | { readonly id: number; readonly error: { readonly code: ErrorCode | null; readonly message: string } };
