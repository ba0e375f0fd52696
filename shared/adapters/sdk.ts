// What all SDK clients of ours have in common.

type Removable = { readonly middlewareStack: { remove(name: string): boolean } };

/**
 * The SDK prepares a log record of every call's input and output although no logger is set; that is a quarter of the
 * time a call takes. Our own events say what happened.
 */
export function withoutCallLog<Client extends Removable>(client: Client): Client {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}
