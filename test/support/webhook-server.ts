// A receiver of webhooks on loopback: it keeps what comes, and answers as a test wants.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

export type ReceivedCall = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type WebhookServer = {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly calls: ReceivedCall[];
  /** The status of the next answers; 200 once they are used up. `hang`: none at all. */
  readonly statuses: (number | 'hang')[];
  readonly close: () => Promise<void>;
};

export async function startWebhookServer(): Promise<WebhookServer> {
  const calls: ReceivedCall[] = [];
  const statuses: (number | 'hang')[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      calls.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      const status = statuses.shift() ?? 200;
      if (status !== 'hang') response.writeHead(status, { 'x-answer': 'yes', 'set-cookie': 'secret=1' }).end('thanks');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a tcp address, got none');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${address.port}`, port: address.port, calls, statuses, close };
}
