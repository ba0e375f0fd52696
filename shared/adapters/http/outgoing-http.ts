// HTTP requests that users make us send. The name is resolved here and the very address that was judged is connected
// to, so that no second answer of the DNS leads elsewhere. Redirects are not followed.
import { lookup as resolve } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { OutgoingRequest } from '../../domain/automation/delivery.ts';
import { type AddressKind, kindOfAddress } from '../../domain/network/address.ts';
import type { OutgoingAnswer } from '../../ports/outgoing.ts';

export type HttpOptions = {
  /** Whether addresses of the machine itself may be called: only where that is nobody else's machine. */
  readonly allowsMachine: boolean;
};

const keptCharacters = 1_000;

class RefusedAddress extends Error {}

export function createHttpSender({
  allowsMachine,
}: HttpOptions): (request: OutgoingRequest) => Promise<OutgoingAnswer> {
  const judge = (address: string, network: OutgoingRequest['network']): string | undefined => {
    const kind: AddressKind = kindOfAddress(address);
    if (kind === 'machine' && !allowsMachine) return 'the address is one of this machine or of its metadata';
    return kind !== 'public' && network === 'public' ? 'the address is one of a private network' : undefined;
  };

  const lookupFor =
    (network: OutgoingRequest['network']): LookupFunction =>
    (hostname, options, callback) => {
      resolve(hostname, { all: true, family: options.family ?? 0 }, (error, addresses) => {
        if (error !== null) return callback(error, '', 0);
        const problem = addresses.map(({ address }) => judge(address, network)).find((found) => found !== undefined);
        const [first] = addresses;
        if (problem !== undefined || first === undefined)
          return callback(new RefusedAddress(problem ?? 'no address'), '', 0);
        if (options.all === true) return callback(null, addresses);
        return callback(null, first.address, first.family);
      });
    };

  return async (request) => {
    const url = URL.parse(request.url);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      return { kind: 'refused', reason: 'the address is none of http or https' };
    }
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const problem = isIP(host) === 0 ? undefined : judge(host, request.network);
    if (problem !== undefined) return { kind: 'refused', reason: problem };
    try {
      return await exchange(url, request, lookupFor(request.network));
    } catch (error) {
      if (error instanceof RefusedAddress) return { kind: 'refused', reason: error.message };
      return { kind: 'failed', reason: reasonOf(error) };
    }
  };
}

/** The code alone: a message may hold the address, and the address secrets. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'no answer in time';
  return 'code' in error ? `the request failed with ${String(error.code)}` : 'the request could not be sent';
}

async function exchange(url: URL, request: OutgoingRequest, lookup: LookupFunction): Promise<OutgoingAnswer> {
  const { promise, resolve: done, reject } = Promise.withResolvers<OutgoingAnswer>();
  const options: https.RequestOptions = {
    method: request.method,
    headers: {
      ...request.headers,
      ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
    },
    signal: AbortSignal.timeout(request.timeoutMs),
    lookup,
    agent: false,
    ...(url.protocol === 'https:' ? { rejectUnauthorized: request.verifies } : {}),
  };
  const sent = (url.protocol === 'https:' ? https : http).request(url, options, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (body.length < keptCharacters) body += chunk;
    });
    response.on('end', () => {
      const headers = Object.entries(response.headers).map(([name, value]): [string, string] => [
        name,
        [value].flat().join(', '),
      ]);
      done({
        kind: 'answered',
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(headers),
        body: body.slice(0, keptCharacters),
      });
    });
    response.on('error', reject);
  });
  sent.on('error', reject);
  sent.end(request.body);
  return promise;
}
