// Reads the two messages of a client's SCRAM-SHA-256 exchange (RFC 5802, section 7) as PostgreSQL does, and refuses in its
// words what it refuses (src/backend/libpq/auth-scram.c). No channel binding, since it is never offered.

import type { ErrorFields } from "./encode.ts";
import { Sqlstate } from "./sqlstate.ts";

const PRINTABLE = /^[\x21-\x2b\x2d-\x7e]*$/;
const SHOWN = /^[\x21-\x7e]$/;
const PROOF = /^[A-Za-z0-9+/]{43}=$/;

/** The exchange is over: what the client is told. */
export class ScramError extends Error {
  readonly fields: ErrorFields;

  constructor(sqlstate: string, message: string, detail?: string) {
    super(message);
    this.name = "ScramError";
    this.fields = { severity: "FATAL", sqlstate, message, ...(detail === undefined ? {} : { detail }) };
  }
}

export interface ClientFirst {
  /** `n`: without channel binding; `y`: it would have liked one. */
  readonly flag: "n" | "y";
  readonly bare: string;
  readonly nonce: string;
}

export interface ClientFinal {
  readonly nonce: string;
  readonly withoutProof: string;
  readonly proof: Buffer;
}

/** @throws {ScramError} */
export function readClientFirst(message: Buffer): ClientFirst {
  const text = textOf(message);
  const flag = text[0]!;
  if (flag === "p") {
    throw malformed(
      "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.",
    );
  }
  if (flag !== "n" && flag !== "y") throw malformed(`Unexpected channel-binding flag "${shown(flag)}".`);
  if (text[1] !== ",") throw malformed(`Comma expected, but found character "${shown(text[1])}".`);
  if (text[2] === "a") {
    throw unsupported("client uses authorization identity, but it is not supported");
  }
  if (text[2] !== ",") throw malformed(`Unexpected attribute "${shown(text[2])}" in client-first-message.`);
  const bare = text.slice(3);
  if (bare.startsWith("m")) throw unsupported("client requires an unsupported SCRAM extension");
  const attributes = new Attributes(bare);
  // The name is the startup packet's.
  attributes.take("n");
  const nonce = attributes.take("r");
  if (!PRINTABLE.test(nonce)) {
    throw new ScramError(Sqlstate.ProtocolViolation, "non-printable characters in SCRAM nonce");
  }
  while (!attributes.atEnd) attributes.any();
  return { flag, bare, nonce };
}

/** @throws {ScramError} */
export function readClientFinal(message: Buffer, flag: "n" | "y"): ClientFinal {
  const attributes = new Attributes(textOf(message));
  if (attributes.take("c") !== Buffer.from(`${flag},,`).toString("base64")) {
    throw new ScramError(
      Sqlstate.ProtocolViolation,
      "unexpected SCRAM channel-binding attribute in client-final-message",
    );
  }
  const nonce = attributes.take("r");
  for (;;) {
    const withoutProof = attributes.before;
    const { name, value } = attributes.any();
    if (name !== "p") continue;
    if (!PROOF.test(value)) throw malformed("Malformed proof in client-final-message.");
    if (!attributes.atEnd) throw malformed("Garbage found at the end of client-final-message.");
    return { nonce, withoutProof, proof: Buffer.from(value, "base64") };
  }
}

/** `name=value` after `name=value`, with commas between them. */
class Attributes {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** What was read, without the comma behind it. */
  get before(): string {
    return this.#text.slice(0, Math.max(0, this.#at - 1));
  }

  /** The value of the next attribute, which must be this one. */
  take(name: string): string {
    const found = this.#text[this.#at];
    if (found !== name) throw malformed(`Expected attribute "${name}" but found "${shown(found)}".`);
    return this.#value(name);
  }

  any(): { readonly name: string; readonly value: string } {
    const name = this.#text[this.#at];
    if (name === undefined) throw malformed("Attribute expected, but found end of string.");
    if (!/^[A-Za-z]$/.test(name)) throw malformed(`Attribute expected, but found invalid character "${shown(name)}".`);
    return { name, value: this.#value(name) };
  }

  #value(name: string): string {
    if (this.#text[this.#at + 1] !== "=") throw malformed(`Expected character "=" for attribute "${name}".`);
    const from = this.#at + 2;
    const comma = this.#text.indexOf(",", from);
    const to = comma < 0 ? this.#text.length : comma;
    this.#at = to + 1;
    return this.#text.slice(from, to);
  }
}

function textOf(message: Buffer): string {
  if (message.length === 0) throw malformed("The message is empty.");
  if (message.includes(0)) throw malformed("Message length does not match input length.");
  return message.toString("latin1");
}

/** As PostgreSQL shows a character of a stranger's: in quotes, or as its number. */
function shown(character: string | undefined): string {
  if (character !== undefined && SHOWN.test(character)) return `'${character}'`;
  return `0x${(character?.charCodeAt(0) ?? 0).toString(16).padStart(2, "0")}`;
}

function malformed(detail: string): ScramError {
  return new ScramError(Sqlstate.ProtocolViolation, "malformed SCRAM message", detail);
}

function unsupported(message: string): ScramError {
  return new ScramError(Sqlstate.FeatureNotSupported, message);
}
