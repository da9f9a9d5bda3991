// What the tests of auth = "userlist" share: a proxy that authenticates clients itself in front of one server, and what a
// driver gets to hear of it.

import { Client, DatabaseError } from "pg";
import { type ConfigTables, relayTables } from "../../helpers/config-text.ts";
import { type InlineProxy, startInlineProxy } from "../../helpers/inline-proxy.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

export type User = NonNullable<ConfigTables["users"]>[number];

/** Every database of `server`, none mirrored, for these users. */
export function startUserlist(server: Target, users: readonly User[], tables: ConfigTables = {}): Promise<InlineProxy> {
  return startInlineProxy({
    ...relayTables(server),
    ...tables,
    users,
    general: { auth: "userlist", ...tables.general },
  });
}

/** Who the server then says we are, or what it says instead. */
export async function logIn(target: Target, user: string, password: string, database = "postgres"): Promise<unknown> {
  const { host, port } = target;
  const client = new Client({ host, port, user, password, database });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ me: string; database: string }>(
      "SELECT current_user AS me, current_database() AS database",
    );
    return rows[0];
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const { severity, code, message, detail } = error;
    return { severity, code, message, ...(detail === undefined ? {} : { detail }) };
  } finally {
    await client.end();
  }
}
