// One call of a deployed HTTP API. The emulator tells its APIs apart by the host that is asked for,
// a name that need not resolve: the connection goes to the loopback address.
import { request } from 'node:http';

export type HttpAnswer = { readonly status: number; readonly body: unknown };

/** One call of a deployed HTTP API, which the emulator tells from others by the host that is asked for. */
export function callHttpApi(apiUrl: string, call: HttpCall): Promise<HttpAnswer> {
  const url = new URL(`${apiUrl}${call.path}`);
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const headers: Record<string, string> = { host: url.host };
  if (body !== '') headers['content-type'] = 'application/json';
  if (call.auth !== undefined) headers['authorization'] = `Basic ${Buffer.from(call.auth).toString('base64')}`;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: url.port, path: url.pathname, method: call.method ?? 'GET', headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

export type HttpCall = {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  /** The auth string. @default none is sent */
  readonly auth?: string;
  readonly body?: unknown;
};
