// Moments: what the log dates as one. The publications of all threads, in the order of their times, are gathered to
// moments of at most a flush time; every event of a moment, its tallies included, gets the time at which the moment ends.
// Each publication balances by itself, so the law of conservation holds for every window that is cut by time.
//
//   thread 1   ──[ p ]──[ p ]─────────[ p ]──
//   thread 2   ────[ p ]─────[  p  ]─────────
//   moments      └───────────┘└───────────┘

import type { RecordedThread } from "./recorded-thread.ts";

export interface Publication {
  readonly thread: RecordedThread;
  /** Where it ends in the ring of its thread. */
  readonly end: number;
  /** The times of its first and last record in log time, microseconds. */
  readonly from: number;
  readonly to: number;
}

export interface Moment {
  /** When its first publication began, and the time of its events: microseconds since the Unix epoch. */
  readonly from: number;
  readonly at: number;
  /** Those of one thread stand in the order of its ring. */
  readonly publications: readonly Publication[];
}

/**
 * `threads` are the publications of each thread in the order of its ring. A publication is never split, so a moment is
 * longer than `spanUs` only where one of its publications is. No moment is earlier than `notBefore`.
 */
export function groupMoments(threads: readonly Publication[][], spanUs: number, notBefore: number): Moment[] {
  const moments: { at: number; from: number; publications: Publication[] }[] = [];
  for (const publication of inOrder(threads)) {
    const { from, to } = publication;
    const last = moments.at(-1);
    if (last !== undefined && to - Math.min(from, last.from) <= spanUs) {
      last.publications.push(publication);
      last.from = Math.min(from, last.from);
      last.at = Math.max(last.at, to);
    } else {
      const at = Math.max(to, last?.at ?? notBefore);
      moments.push({ at, from: Math.min(from, at), publications: [publication] });
    }
  }
  return moments;
}

/** By their ends, but never one of a thread before its predecessor: a thread's clock may have been set back in between. */
function inOrder(threads: readonly Publication[][]): Publication[] {
  const placed = threads.flatMap((publications) => {
    let end = Number.NEGATIVE_INFINITY;
    return publications.map((publication) => {
      end = Math.max(end, publication.to);
      return publication.to === end ? publication : { ...publication, to: end };
    });
  });
  return placed.sort((a, b) => a.to - b.to);
}
