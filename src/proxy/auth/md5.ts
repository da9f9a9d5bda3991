// The answer to AuthenticationMD5Password (PostgreSQL 18 docs, 54.2.1): "md5" and the hex of
// md5(md5(password ‖ user) ‖ salt).

import { createHash } from "node:crypto";

/** `user` is a wire string (see protocol/startup.ts), `password` is text. Throws where MD5 is forbidden (FIPS). */
export function md5Response(user: string, password: string, salt: Buffer): string {
  const stored = createHash("md5").update(password, "utf8").update(user, "latin1").digest("hex");
  return `md5${createHash("md5").update(stored).update(salt).digest("hex")}`;
}
