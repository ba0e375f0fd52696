// A WebSocket client for tests: it collects what comes, so that a test waits for facts instead of catching events.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { waitFor } from './wait-for.ts';

export type SocketClient = {
  readonly socket: WebSocket;
  /** Text frames, parsed. */
  readonly frames: readonly unknown[];
  /** PONGs so far. */
  pongs(): number;
  /** The code and reason it was closed with; undefined while it is open. */
  closed(): { readonly code: number; readonly reason: string } | undefined;
  send(frame: unknown): void;
  ping(): void;
  /** Waits for so many frames. */
  received(count: number): Promise<readonly unknown[]>;
  close(): Promise<void>;
};

export type ConnectOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  /** @default prefect */
  readonly subprotocol?: string | undefined;
  readonly isCompressed?: boolean;
};

/** What a refused upgrade answered. */
class RefusedUpgrade extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the upgrade was answered ${status}`);
    this.name = 'RefusedUpgrade';
    this.status = status;
  }
}

/** @throws RefusedUpgrade */
export async function connectSocket(url: string, options: ConnectOptions = {}): Promise<SocketClient> {
  const subprotocol = 'subprotocol' in options ? options.subprotocol : 'prefect';
  const settings = { headers: { ...options.headers }, perMessageDeflate: options.isCompressed ?? false };
  const address = url.replace(/^http/, 'ws');
  const socket =
    subprotocol === undefined ? new WebSocket(address, settings) : new WebSocket(address, [subprotocol], settings);
  const frames: unknown[] = [];
  let pongs = 0;
  let closed: { code: number; reason: string } | undefined;
  socket.on('message', (data) => frames.push(JSON.parse(String(data))));
  socket.on('pong', () => {
    pongs += 1;
  });
  socket.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
  });
  await opened(socket);
  socket.on('error', () => undefined);
  return {
    socket,
    frames,
    pongs: () => pongs,
    closed: () => closed,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    ping: () => socket.ping(),
    received: async (count) => {
      await waitFor(`${count} frames`, () => frames.length >= count);
      return frames;
    },
    close: async () => {
      if (socket.readyState === WebSocket.CLOSED) return;
      const gone = once(socket, 'close');
      socket.close();
      await gone;
    },
  };
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      reject(new RefusedUpgrade(response.statusCode ?? 0));
    });
  });
}
