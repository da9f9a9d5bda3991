import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SaslOffer } from "../../src/proxy/sasl-offer.ts";
import { frame } from "../helpers/messages.ts";

const authentication = (code: number, rest = ""): Buffer =>
  frame("R", Buffer.concat([Buffer.from([0, 0, 0, code]), Buffer.from(rest, "latin1")]));

const OFFER = authentication(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
const REDUCED = authentication(10, "SCRAM-SHA-256\0\0");
const CONTINUE = authentication(11, "r=SCRAM-SHA-256-PLUS,s=c2FsdA==,i=4096");
const NOTICE = frame("N", Buffer.from("SNOTICE\0Mabout SCRAM-SHA-256-PLUS\0\0"));
const NEGOTIATE = frame("v", Buffer.from([0, 3, 0, 0, 0, 0, 0, 0]));
const OK = authentication(0);
const STATUS = frame("S", Buffer.from("server_version\0SCRAM-SHA-256-PLUS\0"));
const READY = frame("Z", Buffer.from("I"));

/** What a client hears when the bytes come in these pieces. */
function heard(...pieces: readonly Buffer[]): Buffer {
  const offer = new SaslOffer();
  return Buffer.concat(pieces.map((piece) => offer.take(piece)));
}

test("channel binding is taken out of the offer, and nothing else is changed", () => {
  expect(heard(Buffer.concat([NEGOTIATE, NOTICE, OFFER]), CONTINUE, Buffer.concat([OK, STATUS, READY]))).toEqual(
    Buffer.concat([NEGOTIATE, NOTICE, REDUCED, CONTINUE, OK, STATUS, READY]),
  );
});

test("an offer without it passes as it is, whatever else is in it", () => {
  for (const message of [
    REDUCED,
    authentication(10, "OAUTHBEARER\0\0"),
    authentication(10, "\0"),
    authentication(10),
  ]) {
    expect(heard(message)).toEqual(message);
  }
});

test("the bytes may come in any pieces", () => {
  const said = Buffer.concat([NEGOTIATE, NOTICE, OFFER, CONTINUE, OK, STATUS, READY]);
  const expected = Buffer.concat([NEGOTIATE, NOTICE, REDUCED, CONTINUE, OK, STATUS, READY]);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: said.length })), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), said.length];
      const pieces = at.slice(1).map((end, index) => said.subarray(at[index], end));
      expect(heard(...pieces)).toEqual(expected);
    }),
  );
});

test("behind the client's admission nothing is held or looked at any more", () => {
  const offer = new SaslOffer();
  const first = Buffer.concat([OK, STATUS, READY, OFFER.subarray(0, 7)]);
  expect(offer.take(first)).toEqual(first);
  expect(offer.isOver).toBe(true);
  expect(offer.take(OFFER.subarray(7))).toEqual(OFFER.subarray(7));
});

test("a message of an absurd length is not waited for", () => {
  for (const length of [0, 3, 8, 5000, 0x7fff_ffff, -1]) {
    const absurd = Buffer.concat([frame("R", Buffer.from([0, 0, 0, 10]), length), Buffer.alloc(100)]);
    expect(heard(absurd).subarray(0, 9)).toEqual(absurd.subarray(0, 9));
  }
});

test("what is said and no offer is heard at once, all of it that is there", () => {
  const offer = new SaslOffer();
  const long = frame("E", Buffer.alloc(10_000, 0x41));
  expect(offer.take(long.subarray(0, 6))).toEqual(long.subarray(0, 6));
  expect(offer.take(long.subarray(6, 9000))).toHaveLength(8994);
  expect(offer.take(Buffer.concat([long.subarray(9000), OFFER]))).toEqual(
    Buffer.concat([long.subarray(9000), REDUCED]),
  );
});
