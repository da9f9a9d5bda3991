// What the main thread and a reader worker say to each other. Structured-clone data only.

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

/** The worker has opened the log: from now on questions are answered. */
interface ReaderReady {
  readonly type: "ready";
}

interface ReaderAnswered {
  readonly type: "answered";
  readonly id: number;
  readonly answer: LogAnswers[LogQuestion["kind"]];
}

interface ReaderRefused {
  readonly type: "refused";
  readonly id: number;
  /** Without a code it is a defect. */
  readonly code: ErrorCode | null;
  readonly message: string;
}

export type ReaderReport = ReaderReady | ReaderAnswered | ReaderRefused;
