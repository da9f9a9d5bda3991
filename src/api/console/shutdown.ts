import { alone, type ConsoleCommand } from "./command.ts";

export const shutdown: ConsoleCommand = {
  name: "SHUTDOWN",
  syntax: "SHUTDOWN",
  description: "stops pgsoak in order, as SIGTERM does",
  columns: [],
  changes: true,
  parse: alone(({ source, who }) => {
    source.shutdown(who);
    return Promise.resolve([]);
  }),
};
