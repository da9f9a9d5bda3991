// A line on a terminal that says how far something is, drawn over itself. Without a terminal there is none.

const REDRAW_MS = 100;
const WIDTH_MAX = 40;

export interface ProgressBar extends Disposable {
  /** `done` of `of` things; drawn at most ten times a second. */
  show(done: number, of: number): void;
}

/** `columns` is the terminal's width; undefined: not a terminal. Disposing of it leaves an empty line. */
export function createProgressBar(
  write: (text: string) => void,
  columns: number | undefined,
  unit: string,
): ProgressBar {
  if (columns === undefined) return { show: () => {}, [Symbol.dispose]: () => {} };
  const startedMs = performance.now();
  let drawnMs = startedMs;
  let isDrawn = false;
  return {
    show: (done, of) => {
      const nowMs = performance.now();
      if (nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      isDrawn = true;
      write(`\r${line(done, of, (done / (nowMs - startedMs)) * 1000, unit, columns)}\u001b[K`);
    },
    [Symbol.dispose]: () => {
      if (isDrawn) write("\r\u001b[K");
    },
  };
}

const counted = (count: number): string => Math.round(count).toLocaleString("en-US");

function line(done: number, of: number, perSecond: number, unit: string, columns: number): string {
  const share = of === 0 ? 1 : done / of;
  const words = ` ${Math.floor(share * 100)}%  ${counted(done)} of ${counted(of)} ${unit}, ${counted(perSecond)}/s`;
  const width = Math.min(WIDTH_MAX, columns - words.length - 3);
  if (width < 1) return words.trim().slice(0, columns - 1);
  const filled = Math.round(share * width);
  return `[${"=".repeat(filled)}${" ".repeat(width - filled)}]${words}`;
}
