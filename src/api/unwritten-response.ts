// What routes that append an event may also answer.

import { PROBLEM_TYPE, problemSchema } from "./problem.ts";

export const unwrittenResponse = {
  description: "A problem: recording_broken, and then nothing was written; log_unavailable",
  content: { [PROBLEM_TYPE]: { schema: problemSchema } },
};
