// Certificates made for a test, in memory: an authority of one's own, and servers that it vouches for, or not.

import "./reflect-metadata.ts";
import * as x509 from "@peculiar/x509";
import { type webcrypto, X509Certificate } from "node:crypto";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 3_600_000;

/** PEM texts. */
export interface Certified {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateOptions {
  /** DNS names and addresses; default what tests connect to. */
  readonly hosts?: readonly string[];
  /** Hours from now at which it becomes valid, and at which it ends. */
  readonly fromHours?: number;
  readonly toHours?: number;
}

const HOSTS = ["localhost", "127.0.0.1", "::1"];

export class Authority {
  /** PEM: what is trusted by whoever trusts the authority. */
  readonly certificate: string;
  readonly #root: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(root: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.certificate = root.toString("pem");
    this.#root = root;
    this.#keys = keys;
  }

  static async create(name: string): Promise<Authority> {
    const keys = await createKeys();
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity({}),
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(root, keys);
  }

  /** A server's certificate. */
  async issue(options: CertificateOptions = {}): Promise<Certified> {
    const keys = await createKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(options),
      subject: "CN=server",
      issuer: this.#root.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: serverExtensions(options),
    });
    return { certificate: certificate.toString("pem"), privateKey: await pemOf(keys.privateKey) };
  }
}

/** A server's certificate that nobody vouches for. */
export async function selfSigned(options: CertificateOptions = {}): Promise<Certified> {
  const keys = await createKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(options),
    name: "CN=self",
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: serverExtensions(options),
  });
  return { certificate: certificate.toString("pem"), privateKey: await pemOf(keys.privateKey) };
}

/** What tells one certificate from another. */
export const fingerprintOf = ({ certificate }: Certified): string => new X509Certificate(certificate).fingerprint256;

const createKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

const validity = ({ fromHours = -1, toHours = 1000 }: CertificateOptions) => ({
  notBefore: new Date(Date.now() + fromHours * HOUR_MS),
  notAfter: new Date(Date.now() + toHours * HOUR_MS),
});

function serverExtensions({ hosts = HOSTS }: CertificateOptions): x509.Extension[] {
  const isAddress = (host: string): boolean => /^[0-9.]+$|:/.test(host);
  return [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(
      hosts.map((value) => ({ type: isAddress(value) ? ("ip" as const) : ("dns" as const), value })),
    ),
  ];
}

async function pemOf(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
