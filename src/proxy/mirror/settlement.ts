// Turns the two answers to a request into its one outcome, and keeps track of which differences are consequences of an
// earlier one in the same transaction.

import type { Parity } from "../../events/event.ts";
import type { Failure, Recording } from "../recording.ts";
import { Sqlstate } from "../protocol/sqlstate.ts";
import { categorise } from "./categorise.ts";
import { parityOf } from "./compare.ts";
import type { MirrorRequest } from "./mirror-request.ts";
import { redactMessage } from "./redact.ts";
import { STATUS_IDLE } from "./result.ts";

const NO_ROOT = -1;
/** No difference: nothing to excuse. */
const SAME: ReadonlySet<Parity> = new Set(["match", "both_failed"]);
const US_PER_MS = 1000;

export class Settlement {
  readonly #recording: Recording;
  /** Without an outcome: each gets one, whatever happens. */
  readonly #open = new Set<MirrorRequest>();
  /** The request with which the two sides began to differ inside the transaction under way. */
  #root = NO_ROOT;
  /** That difference may be our doing. */
  #rootExcused = false;
  /** The primary was idle after the last request that was settled. */
  #primaryIdle = true;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  get primaryIdle(): boolean {
    return this.#primaryIdle;
  }

  /** A request was selected. */
  begin(mirrored: MirrorRequest): void {
    this.#open.add(mirrored);
  }

  /**
   * Both sides are known: records the outcome. Called in the client's order. `excused`: a difference may be our doing, so
   * it proves nothing, and neither does what follows from it.
   */
  settle(mirrored: MirrorRequest, excused: boolean): void {
    mirrored.settled = true;
    const { request, result } = mirrored;
    const isConsequence = this.#root !== NO_ROOT;
    const isOurs = excused || (isConsequence && this.#rootExcused);
    // A request that the client cancelled may go on for ever on the mirror, and one that our doing kept from being sent has
    // no answer either: nobody can say more.
    const isPardoned =
      (request.cancelled && mirrored.failure?.category === "timeout") ||
      (isConsequence && this.#rootExcused && mirrored.sentMs < 0);
    const failure = isPardoned ? null : mirrored.failure;
    const compared = mirrored.failure === null || failure === null ? this.#parity(mirrored) : "mirror_failed";
    const proves = failure !== null || !isOurs;
    const parity = proves || SAME.has(compared) ? compared : "unverifiable";
    const failed = failure ?? (parity === "mirror_failed" ? failureOf(mirrored) : null);
    if (mirrored.recorded) {
      if (failed !== null) this.#errored(mirrored, failed);
      else this.#mirrored(mirrored, parity);
    }
    this.#open.delete(mirrored);
    this.#primaryIdle = request.abandoned || request.primary.status === STATUS_IDLE;
    const mirrorIdle = mirrored.failure !== null || result.status === STATUS_IDLE;
    if (this.#primaryIdle && mirrorIdle) {
      this.#root = NO_ROOT;
    } else if (!isConsequence && compared !== "match" && differs(mirrored)) {
      this.#root = request.id;
      this.#rootExcused = failed === null && parity === "unverifiable";
    }
  }

  /** Records that a request was given up while it waited or ran. */
  drop(mirrored: MirrorRequest, reason: "buffer_full" | "session_closed" | "shutdown"): void {
    mirrored.dropped = true;
    mirrored.settled = true;
    mirrored.discard();
    this.#open.delete(mirrored);
    if (!mirrored.recorded) return;
    const { request, lane } = mirrored;
    this.#recording.dropped(request.id, lane, request.statementId, reason, true);
  }

  /** Drops all that has no outcome. */
  dropAll(reason: "session_closed"): void {
    for (const mirrored of this.#open) this.drop(mirrored, reason);
  }

  #parity(mirrored: MirrorRequest): Parity {
    const { request, result, disturbed } = mirrored;
    if (request.cancelled || request.abandoned) return "unverifiable";
    // The COPY that we ended may have failed by itself before.
    if (disturbed && (!result.failed || result.sqlstate === Sqlstate.QueryCanceled)) return "unverifiable";
    return parityOf(request.primary, result, mirrored.compare, request.volatile);
  }

  #mirrored(mirrored: MirrorRequest, parity: Parity): void {
    const { request, lane } = mirrored;
    const consequence = this.#root !== NO_ROOT;
    this.#recording.mirrored(
      request.id,
      lane,
      request.statementId,
      this.#figures(mirrored),
      consequence ? "unverifiable" : parity,
    );
  }

  #errored(mirrored: MirrorRequest, failure: Failure): void {
    const { request, lane } = mirrored;
    const consequence = this.#root !== NO_ROOT;
    this.#recording.errored(
      request.id,
      lane,
      request.statementId,
      this.#figures(mirrored),
      consequence ? { ...failure, attribution: "cascade" } : failure,
    );
  }

  #figures(mirrored: MirrorRequest) {
    const { request, result, queuedMs, sentMs, mirrorMs } = mirrored;
    return {
      mirrorUs: Math.round(Math.max(0, mirrorMs) * US_PER_MS),
      primaryUs: Math.round(Math.max(0, request.primaryMs) * US_PER_MS),
      waitUs: sentMs < 0 ? 0 : Math.round((sentMs - queuedMs) * US_PER_MS),
      rows: result.rows,
      root: this.#root,
    };
  }
}

/** Whether the two sides stand differently after it. */
function differs({ request, result, failure }: MirrorRequest): boolean {
  return failure !== null || request.primary.failed !== result.failed || request.primary.status !== result.status;
}

function failureOf(mirrored: MirrorRequest): Failure {
  const { sqlstate, message } = mirrored.result;
  const { category, attribution } = categorise({ phase: "ready", sqlstate, timedOut: false, socketError: false });
  return { category, attribution, sqlstate, message: redactMessage(sqlstate, message) };
}
