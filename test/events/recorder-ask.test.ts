import { expect, test } from "vitest";
import type { NewEvent } from "../../src/events/event.ts";
import { openReader } from "../../src/events/log-reader.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { logFolder } from "./log-folder.ts";
import { NOW_US, openRecorder } from "./recorder-fixture.ts";
import { RecorderWorker } from "./recorder-worker.ts";

const mark = (text: string): NewEvent => ({ kind: "marked", at: 1, text, who: "ann" });

test("who asks hears where the event is in the log, behind everything else of its batch", async () => {
  using fixture = await openRecorder();
  const producer = fixture.attach(1);
  producer.mirror(producer.queue(NOW_US)!, NOW_US);
  producer.publish(NOW_US);
  fixture.recorder.ask(7, mark("one"));
  fixture.recorder.append({ kind: "idled", at: 1 });
  fixture.recorder.ask(8, mark("two"));
  fixture.drainAll();
  const answers = fixture.reports.flatMap((report) => (report.type === "appended" ? [report] : []));
  expect(answers.map(({ id }) => id)).toEqual([7, 8]);
  const marks = fixture.events().slice(-2);
  expect(marks).toEqual([
    { ...mark("one"), ...answers[0]!.place },
    { ...mark("two"), ...answers[1]!.place },
  ]);
  expect(marks.map(({ at }) => at)).toEqual([NOW_US, NOW_US]);
});

test("what can't be written at once is given up and never appears", async () => {
  using fixture = await openRecorder();
  const { log, recorder, reports } = fixture;
  const pages = Number(log.db.pragma("page_count", { simple: true }));
  log.db.pragma(`max_page_count = ${pages}`);
  recorder.ask(1, { kind: "marked", at: 1, text: "x".repeat(20_000), who: "ann" });
  expect(recorder.drain()).toBe("failed");
  expect(reports).toContainEqual({ type: "appended", id: 1, place: null });
  log.db.pragma("max_page_count = 100000");
  fixture.drainAll();
  expect(fixture.events().filter(({ kind }) => kind === "marked")).toEqual([]);
});

test("more than a thousand at once are turned away", async () => {
  using fixture = await openRecorder();
  for (let id = 1; id <= 1001; id++) fixture.recorder.ask(id, mark("x"));
  expect(fixture.reports).toEqual([{ type: "appended", id: 1001, place: null }]);
  fixture.drainAll();
  expect(fixture.events()).toHaveLength(1000);
});

test("a log with nothing to write says from time to time that it is alive", async () => {
  using folder = logFolder();
  await using worker = new RecorderWorker(folder.path, undefined, { idledMs: 500 });
  await waitFor(() => worker.reports.length > 0);
  using reader = openReader(folder.path);
  await waitFor(() => reader.lastSeq() >= 3);
  const events = await reader.readEvents({ after: 1, limit: 10 });
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["idled"]));
});
