// How a password is written before it is hashed for SCRAM, so that both sides hash the same bytes.

/**
 * SASLprep (RFC 4013) as libpq does it: what is not allowed after preparation goes unprepared. The tables of unassigned
 * and of right-to-left characters are left out: they matter only for passwords that NFKC changes as well.
 */
export function saslPrep(password: string): string {
  if (/^\p{ASCII}*$/u.test(password)) return password;
  const prepared = password.replace(NON_ASCII_SPACE, " ").replace(MAPPED_TO_NOTHING, "").normalize("NFKC");
  return prepared === "" || PROHIBITED.test(prepared) ? password : prepared;
}

/** RFC 3454, tables C.1.2, B.1 and C.2.1 to C.9. */
const NON_ASCII_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
const MAPPED_TO_NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
const PROHIBITED =
  // oxlint-disable-next-line no-control-regex
  /\u0340|\u0341|[\u0000-\u001f\u007f-\u009f\u00a0\u06dd\u070f\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2063\u206a-\u206f\u2ff0-\u2ffb\u3000\ufeff\ufff9-\ufffd\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;
