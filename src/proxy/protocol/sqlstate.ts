// The SQLSTATEs that pgsoak itself speaks or understands, by name (PostgreSQL 18 docs, appendix A).

export const Sqlstate = {
  FeatureNotSupported: "0A000",
  CannotEstablishConnection: "08001",
  ConnectionFailure: "08006",
  ProtocolViolation: "08P01",
  ReadOnlyTransaction: "25006",
  InsufficientPrivilege: "42501",
  UndefinedObject: "42704",
  UndefinedColumn: "42703",
  UndefinedFunction: "42883",
  UndefinedTable: "42P01",
  InvalidSchemaName: "3F000",
  IdleInTransactionTimeout: "25P03",
  TransactionTimeout: "25P04",
  InvalidParameterValue: "22023",
  InFailedTransaction: "25P02",
  InvalidStatementName: "26000",
  InvalidAuthorization: "28000",
  InvalidPassword: "28P01",
  InvalidCursorName: "34000",
  UndefinedDatabase: "3D000",
  SyntaxError: "42601",
  TooManyConnections: "53300",
  ConfigurationLimitExceeded: "53400",
  ProgramLimitExceeded: "54000",
  NotInPrerequisiteState: "55000",
  LockNotAvailable: "55P03",
  QueryCanceled: "57014",
  AdminShutdown: "57P01",
  CrashShutdown: "57P02",
  CannotConnectNow: "57P03",
  DatabaseDropped: "57P04",
  IdleSessionTimeout: "57P05",
  IoError: "58030",
  ConfigFileError: "F0000",
  InternalError: "XX000",
} as const;

/** The first two characters, "" when there is no state. */
export function sqlstateClass(sqlstate: string): string {
  return sqlstate.slice(0, 2);
}

/** Whether it has the form of a SQLSTATE: five digits or capital letters. */
export function isSqlstate(text: string): boolean {
  return /^[0-9A-Z]{5}$/.test(text);
}
