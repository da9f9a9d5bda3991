// The certificates in a PEM file.

import { X509Certificate } from "node:crypto";
import type { PemFile } from "./pem-file.ts";

const BLOCK = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** In the order of the file; empty when it has none, or one that can't be read. */
export function certificatesOf({ pem }: PemFile): X509Certificate[] {
  try {
    return (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}
