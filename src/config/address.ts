// Compares addresses as far as that is possible without asking the network.

const LOOPBACK = /^(localhost|(::ffff:)?127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|::1|0:0:0:0:0:0:0:1)$/;
const WILDCARD = /^(0\.0\.0\.0|::|0:0:0:0:0:0:0:0)$/;

/** Whether only programs on this machine can reach it. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(plain(host));
}

/** Whether it is the folder of a server's Unix socket rather than a host, as in libpq. */
export function isSocketFolder(host: string): boolean {
  return host.startsWith("/");
}

/** Whether two servers of the same port may be one and the same: loopback may lead to where a Unix socket does. */
export function mayBeSameHost(a: string, b: string): boolean {
  return isSameHost(a, b) || (isLoopback(a) && isSocketFolder(b)) || (isSocketFolder(a) && isLoopback(b));
}

/** Whether it stands for every address of this machine. */
function isWildcard(host: string): boolean {
  return WILDCARD.test(host);
}

/** Whether two host names are the same by spelling, or both this machine. */
function isSameHost(a: string, b: string): boolean {
  return plain(a) === plain(b) || (isLoopback(a) && isLoopback(b));
}

/** Whether a listener on one host takes the connections meant for the other, the port being the same. */
export function overlaps(a: string, b: string): boolean {
  if (isWildcard(a)) return isWildcard(b) || isLoopback(b) || /^[0-9a-f.:]+$/i.test(b);
  return isWildcard(b) ? overlaps(b, a) : isSameHost(a, b);
}

const plain = (host: string): string => host.toLowerCase().replace(/\.$/, "");
