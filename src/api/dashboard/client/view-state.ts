// What the page shows, as its address has it: so that it can be sent to somebody, kept, and reloaded.

const SPAN = ["window", "from", "to"] as const;
const SELECTION = ["mirroring", "database"] as const;
/** Not asked of the log for the verdict, but kept. */
const OWN = ["sort", "statement"] as const;
const KNOWN = new Set<string>([...SPAN, ...SELECTION, ...OWN]);

export interface ViewState {
  /** Null where `from` or `to` is given. */
  readonly window: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly mirroring: string | null;
  readonly database: string | null;
  readonly sort: string;
  /** The fingerprint of the one that is looked at. */
  readonly statement: string | null;
  /** Thresholds by the names of their settings. */
  readonly overrides: Readonly<Record<string, string>>;
}

const WINDOW_DEFAULT = "all";
export const SORT_DEFAULT = "errors";

/** Of `location.search`; anything that is no word of ours is taken for a setting, and the API says if it is none. */
export function parseViewState(search: string): ViewState {
  const query = new URLSearchParams(search);
  const given = (name: string): string | null => (query.get(name) === "" ? null : query.get(name));
  const [from, to] = [given("from"), given("to")];
  const overrides = Object.fromEntries([...query].filter(([name, value]) => !KNOWN.has(name) && value !== ""));
  return {
    window: from === null && to === null ? (given("window") ?? WINDOW_DEFAULT) : null,
    from,
    to,
    mirroring: given("mirroring"),
    database: given("database"),
    sort: given("sort") ?? SORT_DEFAULT,
    statement: given("statement"),
    overrides,
  };
}

type Part = "span" | "selection" | "overrides" | "own";

/** The parts as a query without `?`; what is as it is by default is left out. */
export function queryOf(state: ViewState, ...parts: readonly Part[]): string {
  const { window, from, to, mirroring, database, sort, statement, overrides } = state;
  const query = new URLSearchParams();
  const add = (name: string, value: string | null): void => {
    if (value !== null) query.set(name, value);
  };
  if (parts.includes("span")) {
    add("window", window === WINDOW_DEFAULT ? null : window);
    add("from", from);
    add("to", to);
  }
  if (parts.includes("selection")) {
    add("mirroring", mirroring);
    add("database", database);
  }
  if (parts.includes("overrides")) for (const [name, value] of Object.entries(overrides)) add(name, value);
  if (parts.includes("own")) {
    add("sort", sort === SORT_DEFAULT ? null : sort);
    add("statement", statement);
  }
  return query.toString();
}

/** The page's own address. */
export function addressOf(state: ViewState): string {
  const query = queryOf(state, "span", "selection", "overrides", "own");
  return query === "" ? "/" : `/?${query}`;
}

/** Whether the window ends now, so that there will be more of it. */
export const endsNow = ({ to }: ViewState): boolean => to === null;
