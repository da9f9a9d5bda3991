// Follows the status as server-sent events. A connection that is lost is tried again, later each time; it is visible that it
// is lost. Nothing is followed while nobody looks.

import type { StatusAnswer } from "./answers.ts";
import { field, find } from "./element.ts";

const RETRY_MS = 1000;
const RETRY_MS_MAX = 30_000;
/** The server says something every 15 s; a connection that is silent for longer is dead. */
const SILENCE_MS = 40_000;

type State = "connecting" | "live" | "paused" | "lost";

export interface Live {
  /** Whether news should be shown. */
  readonly isOn: () => boolean;
}

/** `onStatus`: with each change; `onBack`: after a time in which some may have been missed. */
export function startLive(onStatus: (status: StatusAnswer) => void, onBack: () => void): Live {
  const button = find<HTMLButtonElement>("#live");
  const words = field("live-words", button);
  let source: EventSource | null = null;
  let isWanted = true;
  let failures = 0;
  let missed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const say = (state: State, text: string): void => {
    button.dataset["state"] = state;
    button.setAttribute("aria-pressed", String(isWanted));
    button.title = isWanted ? "Press to hold the page as it is" : "Press to follow again";
    if (words.textContent !== text) words.textContent = text;
  };

  const close = (): void => {
    clearTimeout(timer);
    clearTimeout(silence);
    source?.close();
    source = null;
  };

  const lost = (): void => {
    close();
    missed = true;
    const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** failures++) * (0.8 + Math.random() * 0.4);
    retryIn(delayMs);
  };

  /** Counts down, so that it can be seen that something is done. */
  const retryIn = (leftMs: number): void => {
    say("lost", `Disconnected, again in ${Math.ceil(leftMs / 1000)} s`);
    timer = setTimeout(() => (leftMs <= 1000 ? open() : retryIn(leftMs - 1000)), Math.min(1000, leftMs));
  };

  const hear = (): void => {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
  };

  const open = (): void => {
    close();
    if (failures > 0) say("lost", "Disconnected, trying…");
    else say("connecting", "Connecting…");
    source = new EventSource("/status");
    source.addEventListener("error", lost);
    source.addEventListener("status", (event: MessageEvent<string>) => {
      hear();
      failures = 0;
      say("live", "Live");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- GET /status is made from its schema
      onStatus(JSON.parse(event.data) as StatusAnswer);
      if (missed) onBack();
      missed = false;
    });
    hear();
  };

  const update = (): void => {
    if (isWanted && !document.hidden) {
      failures = 0;
      open();
      return;
    }
    close();
    missed = true;
    say("paused", "Paused");
  };

  button.addEventListener("click", () => {
    isWanted = !isWanted;
    update();
  });
  document.addEventListener("visibilitychange", update);
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (event.persisted) update();
  });
  update();
  return { isOn: () => isWanted && !document.hidden };
}
