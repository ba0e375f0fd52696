// What all SDK clients of ours have in common: how long they wait, and that a call costs little besides its answer.
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { getSchemaSerdePlugin } from '@smithy/core/schema';

/** For the region and service that the endpoint rules name. */
type Signer = NonNullable<SQSClient['config']['signer']>;
type Settings = { signer: Signer } & Parameters<typeof getSchemaSerdePlugin>[0];
type Lightened = {
  /** What is used must fit the client's inputs and outputs, which differ from client to client. */
  readonly middlewareStack: { remove(name: string): boolean; use(steps: never): void };
  config: Settings;
};

/**
 * Leaves out what the SDK does anew for every call and nobody asks for: a log record of input and output although no
 * logger is set, which SDK, machine and features the call comes from, and a signer with a copy of all settings.
 * Together that takes more than a third of a call's time. Our own events say what happened.
 */
export function leanClient<Client extends Lightened>(client: Client): Client {
  client.middlewareStack.remove('loggerMiddleware');
  client.middlewareStack.remove('getUserAgentMiddleware');
  client.config.signer = oneSigner(client.config.signer);
  client.config = quicklyCopied(client.config);
  // In the place of the client's own steps of that name, which hold the settings as they were.
  client.middlewareStack.use(getSchemaSerdePlugin(client.config) as never);
  return client;
}

/**
 * The SDK copies the settings three times a call. It put them together one by one, which V8 keeps as a table that
 * takes a hundred times as long to copy as an object of known shape.
 */
function quicklyCopied<Config extends object>(settings: Config): Config {
  return Object.fromEntries(Object.entries(settings)) as Config;
}

/** One signer for each place and service; it asks for credentials whenever it signs. A failure is not remembered. */
function oneSigner(make: Signer): Signer {
  const made = new Map<string, ReturnType<Signer>>();
  return (scheme) => {
    const key = `${scheme?.signingRegion} ${scheme?.signingName}`;
    const there = made.get(key);
    if (there !== undefined) return there;
    const signer = make(scheme);
    made.set(key, signer);
    signer.catch(() => made.delete(key));
    return signer;
  };
}

export type Patience = {
  readonly answerMs: number;
  readonly connectionMs: number;
  /** Connections at once. @default the SDK's, 50 */
  readonly sockets?: number;
};

/** Steps of a command are put together once, not for every call. Only where no command brings steps of its own. */
export const sameSteps = { cacheMiddleware: true } as const;

/**
 * Settings that every client is made with. A request that is not answered in time ends with a `TimeoutError`; without
 * being told so the SDK only warns.
 */
export function callSettings({ answerMs, connectionMs, sockets }: Patience) {
  const agent = sockets === undefined ? {} : { maxSockets: sockets };
  const requestHandler = {
    requestTimeout: answerMs,
    connectionTimeout: connectionMs,
    httpAgent: agent,
    httpsAgent: agent,
    throwOnRequestTimeout: true,
  };
  return { requestHandler, sha256: Sha256 };
}

/** What requests are signed with: an HMAC takes a key object in a tenth of the time that it takes the key's bytes. */
class Sha256 {
  readonly #key: KeyObject | undefined;
  #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#key = secret === undefined ? undefined : keyOf(secret);
    this.#hash = this.#begin();
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#begin();
  }

  #begin() {
    return this.#key === undefined ? createHash('sha256') : createHmac('sha256', this.#key);
  }
}

function keyOf(secret: string | ArrayBuffer | ArrayBufferView): KeyObject {
  if (typeof secret === 'string') return createSecretKey(secret, 'utf8');
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(secret) ? secret : new Uint8Array(secret);
  return createSecretKey(new Uint8Array(buffer, byteOffset, byteLength));
}
