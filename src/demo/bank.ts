// The data of the demo: a small bank, the same on both servers. Every connection of the workload has accounts of its
// own, so that the order in which sessions get their turn can't make the two sides differ.

/** Database that the workload uses; created on both servers. */
export const BANK_DATABASE = "bank";

/** Connections of the workload, and with them the ranges of accounts. */
export const BANK_BRANCHES = 4;
export const ACCOUNTS_PER_BRANCH = 1000;

export const BANK_SCHEMA = `
  CREATE TABLE account (
    id integer PRIMARY KEY,
    branch integer NOT NULL,
    owner text NOT NULL UNIQUE,
    balance numeric(12, 2) NOT NULL
  );
  CREATE TABLE transfer (
    id bigserial PRIMARY KEY,
    payer integer NOT NULL REFERENCES account,
    payee integer NOT NULL REFERENCES account,
    amount numeric(12, 2) NOT NULL CHECK (amount > 0)
  );
  CREATE INDEX ON transfer (payer, id);
  INSERT INTO account (id, branch, owner, balance)
    SELECT n, n / ${ACCOUNTS_PER_BRANCH}, 'owner ' || n, 1000
    FROM generate_series(0, ${BANK_BRANCHES * ACCOUNTS_PER_BRANCH - 1}) AS n;
  ANALYZE;
`;
