// What must hold for [tls] and for the TLS of [[databases]]: files that are what they are taken for, a key that belongs to
// its certificate, no setting that would promise a protection which isn't there.

import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { messageOf } from "../errors.ts";
import { isSocketFolder } from "./address.ts";
import { certificatesOf } from "./certificates.ts";
import type { Config, DatabaseConfig, TlsConfig } from "./config.ts";
import type { KeyPath } from "./key-positions.ts";
import type { Mistakes } from "./mistakes.ts";
import type { PemFile } from "./pem-file.ts";

const CERTIFICATE = ["tls", "certificate"];
const PRIVATE_KEY = ["tls", "private_key"];
const LOCKED_KEY = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)/m;

export function checkTls({ tls, databases }: Config, mistakes: Mistakes): void {
  checkPresence(tls, mistakes);
  checkPair(tls, mistakes);
  for (const [index, database] of databases.entries()) checkServer(database, ["databases", index], mistakes);
}

function checkPresence(tls: TlsConfig, mistakes: Mistakes): void {
  const given = (path: KeyPath): boolean => mistakes.isGiven(path);
  if (given(CERTIFICATE) && !given(PRIVATE_KEY)) mistakes.add(CERTIFICATE, "needs tls.private_key beside it");
  if (given(PRIVATE_KEY) && !given(CERTIFICATE)) mistakes.add(PRIVATE_KEY, "needs tls.certificate beside it");
  if (tls.required && !given(CERTIFICATE)) {
    mistakes.add(["tls", "required"], "needs tls.certificate and tls.private_key, or no client could connect");
  }
}

function checkPair(tls: TlsConfig, mistakes: Mistakes): void {
  const certificate = readCertificate(tls.certificate, CERTIFICATE, mistakes);
  const key = readKey(tls.privateKey, mistakes);
  if (certificate === null || key === null) return;
  if (!certificate.checkPrivateKey(key)) {
    mistakes.add(PRIVATE_KEY, `the key does not belong to ${mistakes.refer(CERTIFICATE)}`);
    return;
  }
  try {
    createSecureContext({ cert: tls.certificate!.pem, key: tls.privateKey!.pem });
  } catch (error) {
    // Too short a key, an outdated signature: OpenSSL's own rules.
    mistakes.add(CERTIFICATE, `cannot be used for TLS: ${messageOf(error)}`);
  }
}

function readCertificate(file: PemFile | null, path: KeyPath, mistakes: Mistakes): X509Certificate | null {
  if (file === null) return null;
  const certificates = certificatesOf(file);
  if (certificates.length === 0)
    mistakes.add(path, `expected certificates in PEM form in ${JSON.stringify(file.path)}`);
  return certificates[0] ?? null;
}

function readKey(file: PemFile | null, mistakes: Mistakes): KeyObject | null {
  if (file === null) return null;
  const shown = JSON.stringify(file.path);
  try {
    return createPrivateKey(file.pem);
  } catch {
    const sentence = LOCKED_KEY.test(file.pem)
      ? `the key in ${shown} is protected by a passphrase, which nobody could be asked for`
      : `expected a private key in PEM form in ${shown}`;
    mistakes.add(PRIVATE_KEY, sentence);
    return null;
  }
}

function checkServer({ host, tls, tlsCa }: DatabaseConfig, path: KeyPath, mistakes: Mistakes): void {
  const isOptional = tls === "disable" || tls === "prefer";
  if (isSocketFolder(host) && !isOptional) {
    mistakes.add([...path, "tls"], `"${tls}" is not possible over the Unix socket in ${JSON.stringify(host)}`);
  }
  const caPath = [...path, "tls_ca"];
  if (mistakes.isGiven(caPath) && isOptional && !mistakes.has([...path, "tls"])) {
    mistakes.add(
      caPath,
      `is not used with tls = "${tls}", which checks no certificate: expected "require" or stricter`,
    );
  }
  readCertificate(tlsCa, caPath, mistakes);
}
