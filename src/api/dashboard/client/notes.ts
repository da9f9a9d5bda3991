// The time line: people's notes, epochs and gaps in one list, the latest first; and the form that adds a note.

import type { EpochsAnswer, GapAnswer, MarkersAnswer, ObservationsAnswer } from "./answers.ts";
import { AskError, post } from "./ask.ts";
import { element, field, find, time } from "./element.ts";
import { duration, moment, words } from "./format.ts";
import { epochText } from "./marks.ts";
import { isBeforeLog } from "./observed.ts";

const SHOWN_MAX = 100;
const AUTHOR_KEY = "pgsoak-author";

interface Entry {
  readonly at: string;
  readonly kind: "note" | "epoch" | "gap";
  readonly what: string;
  readonly who: string;
}

const gapEntry = (mirroring: string, { from, seconds, cause }: GapAnswer): Entry => {
  return { at: from, kind: "gap", what: `Not observed for ${duration(seconds)}: ${words(cause)}`, who: mirroring };
};

function entriesOf({ mirrorings }: ObservationsAnswer, { markers }: MarkersAnswer, { epochs }: EpochsAnswer): Entry[] {
  const gaps = mirrorings.flatMap(({ mirroring, gaps: all }) =>
    all.filter((gap) => !isBeforeLog(gap)).map((gap) => gapEntry(mirroring, gap)),
  );
  const notes = markers.map(({ at, text, who }): Entry => ({ at, kind: "note", what: text, who }));
  const changes = epochs.map((epoch): Entry => {
    const { at, mirroring, who } = epoch;
    const where = mirroring ?? "all mirrorings";
    return {
      at,
      kind: "epoch",
      what: `${epochText(epoch)}. Older evidence doesn’t count.`,
      who: who === "" ? where : `${where}, ${who}`,
    };
  });
  return [...gaps, ...notes, ...changes].toSorted((a, b) => (a.at < b.at ? 1 : -1));
}

const KIND_WORDS = { note: "Note", epoch: "Epoch", gap: "Gap" } as const;

export function showTimeLine(observations: ObservationsAnswer, markers: MarkersAnswer, epochs: EpochsAnswer): void {
  const entries = entriesOf(observations, markers, epochs);
  const items = entries
    .slice(0, SHOWN_MAX)
    .map(({ at, kind, what, who }) =>
      element(
        "li",
        {},
        time(at, moment(at)),
        element("span", { class: "kind", "data-kind": kind }, KIND_WORDS[kind]),
        element("span", { class: "what" }, what, " ", element("span", { class: "who" }, who)),
      ),
    );
  const place = find("#notes");
  if (items.length === 0) {
    place.replaceChildren(element("p", { class: "empty" }, "No note, no epoch and no gap in this window."));
    return;
  }
  const more = entries.length - items.length;
  const rest = more === 0 ? [] : [element("p", { class: "note" }, `${more} older ones are not shown.`)];
  place.replaceChildren(element("ol", { class: "timeline" }, ...items), ...rest);
}

/** `onAdded`: the note is in the log. */
export function startNoteForm(onAdded: () => void): void {
  const form = document.querySelector<HTMLFormElement>("#note");
  if (form === null) return;
  const [text, who] = [find<HTMLInputElement>("#note-text"), find<HTMLInputElement>("#note-who")];
  const says = field("note-says", form);
  const button = find<HTMLButtonElement>("button", form);
  who.value = localStorage.getItem(AUTHOR_KEY) ?? "";
  const add = async (): Promise<void> => {
    button.disabled = true;
    text.removeAttribute("aria-invalid");
    says.textContent = "";
    try {
      const author = who.value.trim();
      await post("/markers", { text: text.value.trim(), who: author === "" ? "dashboard" : author });
      localStorage.setItem(AUTHOR_KEY, author);
      text.value = "";
      says.textContent = "Added.";
      onAdded();
    } catch (error) {
      text.setAttribute("aria-invalid", "true");
      says.textContent = error instanceof AskError ? `Not added: ${error.message}.` : "Not added.";
    } finally {
      button.disabled = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void add();
  });
}
