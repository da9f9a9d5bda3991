import { formatMoment } from "../../projections/rfc3339.ts";
import { int8, text } from "./column.ts";
import { alone, type ConsoleCommand } from "./command.ts";

/** A row for each client of the proxy, in the order in which they came. */
export const showClients: ConsoleCommand = {
  name: "SHOW CLIENTS",
  syntax: "SHOW CLIENTS",
  description: "who is connected to the proxy now",
  columns: [
    text("database"),
    text("user"),
    text("application_name"),
    text("address"),
    text("state"),
    int8("requests"),
    text("connected_at"),
    text("tls"),
    text("primary_tls"),
  ],
  changes: false,
  parse: alone(async ({ source }) => {
    const clients = await source.clients();
    const sorted = clients.toSorted((a, b) => a.connectedAt - b.connectedAt);
    return sorted.map(
      ({ database, user, application, address, state, requests, connectedAt, clientTls, primaryTls }) => {
        const tls = [clientTls || "off", primaryTls || "off"];
        return [database, user, application, address, state, requests, formatMoment(connectedAt), ...tls];
      },
    );
  }),
};
