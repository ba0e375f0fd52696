// Finds a loopback port that nothing listens on. Another process may take it before it is used,
// so prefer listening on port 0 where the program under test can tell which port it got.

import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error(`wanted the address of a listening port, got ${String(address)}`));
      });
    });
  });
}
