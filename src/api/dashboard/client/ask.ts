// Asks the API. What goes wrong is an error with the problem's code, and the field that it names.

export class AskError extends Error {
  /** Of the problem document; `unreachable` when nobody answered. */
  readonly code: string;
  readonly field: string | null;

  constructor(code: string, message: string, wrongField: string | null = null) {
    super(message);
    this.name = "AskError";
    this.code = code;
    this.field = wrongField;
  }
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly field?: string;
}

async function problemOf(response: Response): Promise<AskError> {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- RFC 9457; each member is looked at
    const { code, detail, field } = (await response.json()) as Problem;
    return new AskError(code ?? "unknown", detail ?? response.statusText, field ?? null);
  } catch {
    return new AskError("unknown", `pgsoak answered ${response.status}`);
  }
}

async function send<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new AskError("unreachable", "pgsoak does not answer");
  }
  if (!response.ok) throw await problemOf(response);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its schema is what answers.ts repeats
  return (await response.json()) as T;
}

/** GET as JSON. */
export function ask<T>(path: string, query: string, signal: AbortSignal): Promise<T> {
  return send(query === "" ? path : `${path}?${query}`, { signal, headers: { accept: "application/json" } });
}

/** POST of a JSON body. */
export function post<T>(path: string, body: unknown): Promise<T> {
  return send(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
}
