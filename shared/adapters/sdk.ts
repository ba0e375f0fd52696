// What all SDK clients of ours have in common.

type Removable = { readonly middlewareStack: { remove(name: string): boolean } };

/**
 * The SDK prepares a log record of every call's input and output although no logger is set, and writes anew for every
 * call which SDK, machine and features it comes from: more than a third of the time a call takes. Our own events say
 * what happened, and AWS does not ask who we are.
 */
export function leanClient<Client extends Removable>(client: Client): Client {
  client.middlewareStack.remove('loggerMiddleware');
  client.middlewareStack.remove('getUserAgentMiddleware');
  return client;
}

/**
 * The steps of a command are put together once, not for every call: a tenth of the time that it takes. Not for clients
 * whose commands bring steps of their own, as those of lib-dynamodb do.
 */
export const leanSettings = { cacheMiddleware: true } as const;

export type Patience = {
  readonly answerMs: number;
  readonly connectionMs: number;
  /** Connections at once. @default the SDK's, 50 */
  readonly sockets?: number;
};

/** Settings of a client's `requestHandler`; without the last the SDK only warns of an answer that does not come. */
export function requestHandler({ answerMs, connectionMs, sockets }: Patience) {
  const agent = sockets === undefined ? {} : { maxSockets: sockets };
  return {
    requestTimeout: answerMs,
    connectionTimeout: connectionMs,
    httpAgent: agent,
    httpsAgent: agent,
    throwOnRequestTimeout: true,
  };
}
