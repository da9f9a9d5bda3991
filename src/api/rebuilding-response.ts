// What routes that read projections may also answer.

import { PROBLEM_TYPE, problemSchema } from "./problem.ts";

export const rebuildingResponse = {
  description: "A projection is being rebuilt: part of a number would look like all of it",
  content: { [PROBLEM_TYPE]: { schema: problemSchema } },
};
