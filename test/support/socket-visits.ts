// One file's way to sockets: gateways and clients that are closed again after each test.
import { afterEach } from 'vitest';
import { type ConnectOptions, connectSocket, type SocketClient } from './socket-client.ts';
import type { GatewayOptions, SocketStage } from './socket-stage.ts';

export type SocketVisits = {
  /** Starts a gateway; answers its API address. */
  open(options?: GatewayOptions): Promise<string>;
  connect(url: string, path: string, options?: ConnectOptions): Promise<SocketClient>;
  /** Connected, and through the handshake. */
  greeted(url: string, path: string, options?: ConnectOptions): Promise<SocketClient>;
};

/** Call it once, outside of all tests. */
export function visitSockets(stage: () => SocketStage): SocketVisits {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const thing of opened.splice(0).reverse()) await thing.close();
    await stage().taken();
  });
  const connect: SocketVisits['connect'] = async (url, path, options) => {
    const client = await connectSocket(`${url}${path}`, options);
    opened.push(client);
    return client;
  };
  return {
    connect,
    open: async (options) => {
      const gateway = await stage().open(options);
      opened.push(gateway);
      return gateway.url;
    },
    greeted: async (url, path, options) => {
      const client = await connect(url, path, options);
      client.send({ type: 'auth', token: null });
      await client.received(1);
      return client;
    },
  };
}
