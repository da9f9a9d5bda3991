// Says in one clause why TLS with a server or a client could not be had. The words are ours: a certificate is the other
// side's text until it is checked.

/** What OpenSSL and Node.js call the ways in which a certificate fails. */
const CERTIFICATE_FAILURES: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["CERT_NOT_YET_VALID", "its certificate is not valid yet"],
  ["CERT_REVOKED", "its certificate is revoked"],
  ["CERT_REJECTED", "its certificate is not for this purpose"],
  ["INVALID_PURPOSE", "its certificate is not for this purpose"],
  ["INVALID_CA", "its certificate is signed by one that is no authority"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is self-signed and not trusted"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate leads to an authority that is not trusted"],
  ["UNABLE_TO_GET_ISSUER_CERT", "its certificate leads to an authority that is not trusted"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "its certificate leads to an authority that is not trusted"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its certificate leads to an authority that is not trusted"],
  ["CERT_SIGNATURE_FAILURE", "its certificate is not signed by the authority that it names"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another host"],
  ["ERR_TLS_CERT_ALTNAME_FORMAT", "its certificate is for another host"],
]);

/** A code of ours, of the system or of OpenSSL; nothing else is shown. */
const CODE = /^[A-Z][A-Z0-9_]{1,80}$/;

/** Completes "TLS could not be established: …". */
export function tlsFailure(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const certificate = CERTIFICATE_FAILURES.get(code);
  if (certificate !== undefined) return certificate;
  if (code === "ECONNRESET") return "the connection was closed during the handshake";
  return CODE.test(code) ? `the handshake failed (${code})` : "the handshake failed";
}
