// An API over the watched log, at its tenth minute.

import { appendWatched, BEGIN } from "../projections/watched-log.ts";
import { type ApiFixture, openApi } from "./api-fixture.ts";

const TEN_MINUTES = 600_000_000;

export async function openWatchedApi(): Promise<ApiFixture> {
  const api = await openApi({ nowUs: BEGIN + TEN_MINUTES });
  appendWatched(api.events);
  return api;
}
