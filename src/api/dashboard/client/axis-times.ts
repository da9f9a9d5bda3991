// The moments along a chart, as short as they can be: the hour, and the day where it changes.

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

const DAY_SECONDS = 86_400;

/** For ticks that are `stepSeconds` apart; seconds since the Unix epoch, in the browser's time zone. */
export function axisTimes(ticks: readonly number[], stepSeconds: number): string[] {
  let last = "";
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const day = DAY.format(date);
    if (stepSeconds >= DAY_SECONDS) return day;
    const text = (stepSeconds < 60 ? SECONDS : TIME).format(date);
    const isNew = day !== last;
    last = day;
    return isNew ? `${text}\n${day}` : text;
  });
}
