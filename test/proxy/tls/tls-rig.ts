// Two real servers with TLS, a 16 and an 18, certificates of one authority for them and for pgsoak, and the same roles on
// both: `scram` and `md5` log in by password, `postgres` by trust.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, startPostgres } from "../../../src/demo/postgres-server.ts";
import { Authority, type Certified } from "../../helpers/certificates.ts";
import { withClient } from "../../helpers/clusters.ts";
import type { ConfigTables } from "../../helpers/config-text.ts";

export const SECRET = "pa ss'wö\"rd%";
const HBA = ["host all scram 127.0.0.1/32 scram-sha-256", "host all md5 127.0.0.1/32 md5"];
const TRUSTED = ["host all postgres 127.0.0.1/32 trust", "host replication postgres 127.0.0.1/32 trust"];

type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

export interface Legs {
  /** `tls` towards each server; without a mirror nothing is mirrored. */
  readonly primary: TlsMode;
  readonly mirror?: TlsMode;
  /** What clients are shown. */
  readonly client?: Certified;
  readonly required?: boolean;
}

export class TlsRig implements AsyncDisposable {
  readonly authority: Authority;
  /** Of the primary, of the mirror, and a third of the same authority. */
  readonly certified: { readonly primary: Certified; readonly mirror: Certified; readonly own: Certified };
  readonly primary: PostgresServer;
  readonly mirror: PostgresServer;
  readonly folder: string;
  #files = 0;

  private constructor(
    authority: Authority,
    certified: TlsRig["certified"],
    servers: readonly [PostgresServer, PostgresServer],
    folder: string,
  ) {
    this.authority = authority;
    this.certified = certified;
    [this.primary, this.mirror] = servers;
    this.folder = folder;
  }

  static async start(): Promise<TlsRig> {
    const authority = await Authority.create("pgsoak test authority");
    const [primary, mirror, own] = await Promise.all([authority.issue(), authority.issue(), authority.issue()]);
    const hba = [...HBA, ...TRUSTED];
    const servers = await Promise.all([
      startPostgres({ major: 16, tls: primary, hba, settings: { wal_level: "logical" } }),
      startPostgres({ major: 18, tls: mirror, hba }),
    ]);
    await Promise.all(servers.map((server) => createRoles(server)));
    const folder = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-tls-"));
    return new TlsRig(authority, { primary, mirror, own }, servers, folder);
  }

  /** Writes a PEM text and returns its path. */
  write(pem: string, name = `file-${++this.#files}.pem`): string {
    const path = join(this.folder, name);
    writeFileSync(path, pem, { mode: 0o600 });
    return path;
  }

  /** `[tls]` with this certificate. */
  clientTls({ certificate, privateKey }: Certified): { certificate: string; private_key: string } {
    return { certificate: this.write(certificate), private_key: this.write(privateKey) };
  }

  tables({ primary, mirror, client, required }: Legs): ConfigTables {
    const databases = [this.entry("*", this.primary, primary)];
    const tls = { ...(client === undefined ? {} : this.clientTls(client)), required: required ?? false };
    if (mirror === undefined) return { databases, tls };
    const candidate = { ...this.entry("candidate", this.mirror, mirror), user: "postgres" };
    return {
      databases: [...databases, candidate],
      mirroring: [{ source_db: "*", destination_db: "candidate" }],
      tls,
    };
  }

  /** A [[databases]] entry that trusts the authority where the mode looks at it. */
  entry(name: string, { host, port }: { readonly host: string; readonly port: number }, tls: TlsMode) {
    const checks = tls !== "disable" && tls !== "prefer" && tls !== "require";
    return { name, host, port, tls, ...(checks ? { tls_ca: this.write(this.authority.certificate, "ca.pem") } : {}) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.primary.stop(), this.mirror.stop()]);
    rmSync(this.folder, { recursive: true });
  }
}

async function createRoles(server: PostgresServer): Promise<void> {
  await withClient({ connectionString: server.url() }, async (client) => {
    const secret = client.escapeLiteral(SECRET);
    for (const [role, encryption] of [
      ["scram", "scram-sha-256"],
      ["md5", "md5"],
    ] as const) {
      await client.query(`SET password_encryption = '${encryption}'`);
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${secret}`);
    }
  });
}
