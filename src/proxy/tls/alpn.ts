// The name of PostgreSQL's protocol inside a TLS handshake (PostgreSQL 18 docs, 54.2.12): who speaks another one at this
// port was sent to the wrong place.

export const POSTGRESQL_ALPN = "postgresql";
