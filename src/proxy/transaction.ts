// The unit that is mirrored whole or not at all: the requests from the first one sent while the session is idle to the
// ReadyForQuery that says idle again. Identity is all there is to it: mirrors compare units to know where one ends and
// the next begins.

export class TransactionUnit {
  /** Requests that began in it. */
  requests = 0;
}
