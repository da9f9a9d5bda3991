// All that a client may see different through pgsoak, and nothing else: the list of docs/transparency.md, and what the
// comparisons of these tests look away from.

import type { Frame } from "../helpers/frames.ts";

interface Exception {
  /** As docs/transparency.md says it. */
  readonly what: string;
  readonly why: string;
}

/** Set by the server for each session, direct or not: it differs from one connection to the next. */
interface Masked extends Exception {
  /** The frame without what differs. */
  readonly mask: (frame: Frame) => Frame;
}

const only = (type: string, mask: (body: Buffer) => Buffer) => (frame: Frame) =>
  frame.type === type ? { type, body: mask(frame.body) } : frame;

const MASKED: readonly Masked[] = [
  {
    what: "the process id and the secret in BackendKeyData",
    why: "each session of the primary has its own; their length is compared",
    mask: only("K", (body) => Buffer.alloc(body.length)),
  },
  {
    what: "the process id in NotificationResponse",
    why: "it is the notifying session's, which is another one in each run",
    mask: only("A", (body) => Buffer.concat([Buffer.alloc(4), body.subarray(4)])),
  },
];

export const EXCEPTIONS: readonly Exception[] = [
  ...MASKED,
  {
    what: 'with auth = "userlist" all of the login up to AuthenticationOk, and the place of NegotiateProtocolVersion in it',
    why: "pgsoak checks the password before it asks a server anything; refusals have PostgreSQL's SQLSTATE and words",
  },
  {
    what: "the answer to SSLRequest and GSSENCRequest",
    why: "the protocol asks for it before a database is named, so pgsoak gives it itself: S where it has a certificate, N for the rest",
  },
  {
    what: "SCRAM-SHA-256-PLUS in AuthenticationSASL, for a client in plaintext whose primary is reached by TLS",
    why: "it is left out: a client without TLS would take the offer for an attack",
  },
  {
    what: "the source file, line and routine in pgsoak's own errors, and the versions that it names",
    why: "an error of a startup packet that names no server comes from pgsoak, in PostgreSQL's words",
  },
  {
    what: "a startup packet of 10,001 to 10,004 bytes",
    why: "PostgreSQL's limit of 10,000 does not count the length itself, pgsoak's does and closes the connection",
  },
  {
    what: "57P03 when the primary cannot be reached, 08001 when TLS with it can't be had, 28000 where TLS is required, 53300 above max_connections, 3D000 without an entry, 57P01 at a stop",
    why: "there is no primary to say so; the words are PostgreSQL's where it has any",
  },
  {
    what: "08P01 for a message of an impossible length or above max_message_bytes",
    why: "PostgreSQL closes the connection without a word",
  },
  {
    what: "a login that takes longer than login_timeout_ms",
    why: "it ends with 57014 or without a word, as by authentication_timeout, but by pgsoak's clock",
  },
  {
    what: "a TCP reset by the primary",
    why: "it reaches the client as an orderly close, behind all that came before it",
  },
  {
    what: "the client's address",
    why: "the primary sees pgsoak's, in pg_stat_activity, inet_client_addr() and pg_hba.conf",
  },
];

/** A server's frames with what may differ blotted out. */
export function masked(frames: readonly Frame[]): Frame[] {
  return frames.map((frame) => MASKED.reduce((left, { mask }) => mask(left), frame));
}
