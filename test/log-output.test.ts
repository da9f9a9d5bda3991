import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLogOutput } from "../src/log-output.ts";

const LOSS = { level: "warn", time: expect.stringMatching(/Z$/), msg: "lines of this log could not be written" };

/** Both ends of a pipe whose reader may go and come back. */
class Pipe implements Disposable {
  readonly writer: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "pgsoak-log-output-"));
  readonly #path = join(this.#folder, "pipe");
  #reader: number;

  constructor() {
    execFileSync("mkfifo", [this.#path]);
    this.#reader = this.#open();
    this.writer = openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
  }

  #open(): number {
    return openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** All that is in it. */
  read(): string {
    const bytes = Buffer.alloc(1 << 20);
    return bytes.toString("utf8", 0, readSync(this.#reader, bytes));
  }

  leave(): void {
    closeSync(this.#reader);
  }

  comeBack(): void {
    this.#reader = this.#open();
  }

  [Symbol.dispose](): void {
    closeSync(this.#reader);
    closeSync(this.writer);
    rmSync(this.#folder, { recursive: true });
  }
}

test("lines that nobody reads are lost, and their number is said to the next reader", () => {
  using pipe = new Pipe();
  const output = createLogOutput(pipe.writer);
  output.write("a\n");
  expect(pipe.read()).toBe("a\n");
  pipe.leave();
  output.write("b\n");
  output.write("c\n");
  pipe.comeBack();
  output.write("d\n");
  output.write("e\n");
  const [loss, ...lines] = pipe.read().trim().split("\n");
  expect(JSON.parse(loss!)).toEqual({ ...LOSS, lost: 2 });
  expect(lines).toEqual(["d", "e"]);
});

test("a reader that is behind is waited for, but not for ever, and half a line doesn't spoil the next one", () => {
  using pipe = new Pipe();
  const output = createLogOutput(pipe.writer);
  output.write(`${"x".repeat(100_000)}\n`);
  output.write("lost at once\n");
  expect(pipe.read()).toMatch(/^x+$/);
  output.write("a\n");
  const [end, loss, line] = pipe.read().split("\n");
  expect([end, line]).toEqual(["", "a"]);
  expect(JSON.parse(loss!)).toEqual({ ...LOSS, lost: 2 });
});

test.runIf(process.platform === "linux")("a full disk is no reason to throw", () => {
  const full = openSync("/dev/full", "w");
  const output = createLogOutput(full);
  for (let n = 0; n < 100; n++) output.write("a\n");
  closeSync(full);
});
