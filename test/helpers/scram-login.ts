// Logs a raw client in by SCRAM-SHA-256, step by step, so that a test can break off or lie anywhere.

import { ScramClient } from "../../src/proxy/auth/scram-client.ts";
import { SaltedPasswords } from "../../src/proxy/auth/salted-passwords.ts";
import { type Frame, RawClient } from "./frames.ts";
import { frame, startupMessage } from "./messages.ts";

const MECHANISM = "SCRAM-SHA-256";
const SALTED = new SaltedPasswords({ max: 10, runningMax: 10, waitingMax: 0 });

/** A SASLInitialResponse; `length` lies about the length of the data when given, and -1 leaves the data out. */
export function saslInitial(data: Buffer | string, mechanism = MECHANISM, length?: number): Buffer {
  const bytes = Buffer.from(data);
  const size = Buffer.alloc(4);
  size.writeInt32BE(length ?? bytes.length);
  return frame("p", Buffer.concat([Buffer.from(`${mechanism}\0`), size, bytes]));
}

export const saslResponse = (data: Buffer | string): Buffer => frame("p", Buffer.from(data));

/** What an AuthenticationSASLContinue or Final carries. */
const dataOf = (answer: Frame): Buffer => answer.body.subarray(4);

/** Up to the client-final-message, which is not sent yet. */
export async function proofFor(
  client: RawClient,
  parameters: Readonly<Record<string, string>>,
  password: string,
  protocol?: number,
): Promise<Buffer> {
  client.send(startupMessage(parameters, protocol));
  await offered(client);
  const scram = new ScramClient({ type: "password", password }, SALTED);
  client.send(saslInitial(scram.first()));
  const answer = await scram.answer(dataOf(await client.frame()));
  if ("failed" in answer) throw new Error(answer.failed);
  return saslResponse(answer);
}

/** Skips what a server says ahead of AuthenticationSASL. */
async function offered(client: RawClient): Promise<void> {
  while ((await client.frame()).type !== "R");
}

/** Connects and logs in; returns what the server said behind its last SASL message, up to ReadyForQuery. */
export async function loginScram(
  target: { host: string; port: number },
  parameters: Readonly<Record<string, string>>,
  password: string,
  protocol?: number,
): Promise<{ client: RawClient; frames: Frame[] }> {
  const client = await RawClient.connect(target);
  client.send(await proofFor(client, parameters, password, protocol));
  const last = await client.frame();
  if (last.type !== "R" || last.body.readInt32BE(0) !== 12) throw new Error(`no SASLFinal: ${last.type}`);
  return { client, frames: await client.until("Z") };
}
