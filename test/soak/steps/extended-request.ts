// One statement by the extended protocol, with a Sync of its own.

import { bind, execute, parse, sync } from "../../helpers/messages.ts";

export function extended(sql: string): Buffer[] {
  return [parse("", sql), bind("", ""), execute(""), sync()];
}
