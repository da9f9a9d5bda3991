// What routes that read the log may also answer.

import { PROBLEM_TYPE, problemSchema } from "./problem.ts";

export const rebuildingResponse = {
  description:
    "A problem: rebuilding (of a projection, and part of a number would look like all of it), log_unavailable, busy",
  content: { [PROBLEM_TYPE]: { schema: problemSchema } },
};
