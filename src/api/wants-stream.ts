// Whether a client asks for server-sent events, by its Accept header.

export const wantsStream = (accept: string | undefined): boolean =>
  accept?.split(",").some((type) => type.split(";", 1)[0]!.trim().toLowerCase() === "text/event-stream") === true;
