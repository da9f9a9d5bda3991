// What a criterion can be found to be.

/** From good to bad, but for `off`, which is neither. */
export const STATUSES = ["off", "pass", "warn", "insufficient", "fail"] as const;
export type Status = (typeof STATUSES)[number];
