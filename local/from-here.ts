// Who may speak to the local stack: programs of this machine, and pages that they themselves serve.

import type { IncomingMessage } from 'node:http';

/**
 * Without a password, the browser of whoever runs this is the one way in from outside: a page may send requests to
 * loopback, under a name of its own or from its own origin. Neither is ours.
 */
export function isFromHere(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  return isLoopback(`http://${host ?? '127.0.0.1'}`) && (origin === undefined || isLoopback(origin));
}

function isLoopback(url: string): boolean {
  const hostname = URL.canParse(url) ? new URL(url).hostname : '';
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
