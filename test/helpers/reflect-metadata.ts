// @peculiar/x509 is built on a container that refuses to load without metadata in Reflect, which it then finds empty for
// everything that x509 asks of it. So nothing is always the right answer.

const none = (): undefined => undefined;

Object.assign(Reflect, { getMetadata: none, getOwnMetadata: none, hasOwnMetadata: () => false, defineMetadata: none });
