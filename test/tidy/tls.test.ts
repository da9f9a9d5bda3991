// Why TLS could not be had is said in words of our own, each of which docs/tls.md explains.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

test("docs/tls.md explains each reason why TLS could not be had, and no others", () => {
  const sources = read("src/proxy/tls/tls-failure.ts") + read("src/proxy/tls/server-opening.ts");
  const written = [...sources.matchAll(/"((?:its certificate|the (?:server(?:'s)?|connection|handshake)) [^"]+)"/g)];
  // Without TLS that is a server which can't be reached, with a line of its own.
  const reasons = new Set(
    written.map(([, reason]) => reason!).filter((reason) => !reason.endsWith("closed the connection")),
  );
  expect(reasons.size).toBeGreaterThan(10);
  const text = read("docs/tls.md");
  const table = text.slice(text.indexOf("| reason | do |"), text.indexOf("## From the clients"));
  const cells = table.split("\n").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)]);
  expect(cells.map(([, reason]) => reason!).toSorted()).toEqual([...reasons].toSorted());
});
