// The socket Lambda with stores and senders that answer as a test wants: what no real one does at will.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSocket, type SocketDeps } from '../../lambdas/socket/front.ts';
import type { Connection, ConnectionRef } from '../../shared/ports/connections.ts';

const asHandler = z.custom<(event: object, context: object) => Promise<unknown>>(
  (value) => typeof value === 'function',
);

type Room = {
  readonly deps: SocketDeps;
  readonly closed: { readonly id: string; readonly code: number; readonly reason: string }[];
  readonly posted: string[];
  readonly opened: Connection[];
  readonly removed: ConnectionRef[];
  readonly lost: ConnectionRef[];
  readonly logged: string[];
};

const known: Connection = { kind: 'events-out', id: 'c', isAuthorized: true, connectedAt: 0, expiresAt: 1 };

function aRoom(connection: Connection | undefined, change: Partial<SocketDeps> = {}): Room {
  const room: Omit<Room, 'deps'> = { closed: [], posted: [], opened: [], removed: [], lost: [], logged: [] };
  const silent = { take: async () => undefined };
  return {
    ...room,
    deps: {
      world: { now: () => 1_000 },
      connections: {
        open: async (opened) => void room.opened.push(opened),
        read: async () => connection,
        authorize: async () => connection !== undefined,
        remove: async (ref) => void room.removed.push(ref),
      },
      sender: {
        post: async (_ref, frame) => {
          room.posted.push(frame);
          return 'sent';
        },
        close: async ({ id }, end) => void room.closed.push({ id, ...end }),
      },
      transport: 'local',
      conversations: { 'events-out': silent, 'logs-out': silent, 'task-runs': silent },
      noteLostEvents: async (ref) => void room.lost.push(ref),
      log: (_level, message) => void room.logged.push(message),
      ...change,
    },
  };
}

const context = (stage: string, eventType: string, more: object = {}) => ({
  requestContext: { stage, eventType, connectionId: 'c', ...more },
});
const message = (stage: string, body: string) => ({ ...context(stage, 'MESSAGE'), body });

async function tell({ deps }: Room, event: object): Promise<unknown> {
  return await asHandler.parse(createSocket(deps))(event, {});
}

describe('a frame', () => {
  it('closes with 1011 and leaves no error to the platform when its conversation fails', async () => {
    const failing = { take: () => Promise.reject(new Error('the store is away')) };
    const silent = { take: async () => undefined };
    const room = aRoom(known, { conversations: { 'events-out': failing, 'logs-out': silent, 'task-runs': silent } });

    const answer = await tell(room, message('events-out', '{"type":"filter"}'));

    expect(answer).toEqual({ statusCode: 200 });
    expect(room.closed).toEqual([{ id: 'c', code: 1011, reason: 'internal error, please connect again' }]);
    expect(room.logged).toEqual(['frame not handled']);
  });

  it('closes a connection that nobody knows any more, so that its client comes back', async () => {
    const room = aRoom(undefined);

    await tell(room, message('logs-out', '{"type":"filter"}'));

    expect(room.closed).toEqual([{ id: 'c', code: 1011, reason: 'unknown connection' }]);
  });

  it('keeps a reason within the 123 bytes that a close may carry, whole characters alone', async () => {
    const wordy = { take: async () => ({ code: 1002, reason: 'ä'.repeat(100) }) };
    const room = aRoom(known, { conversations: { 'events-out': wordy, 'logs-out': wordy, 'task-runs': wordy } });

    await tell(room, message('events-out', '{"type":"filter"}'));

    expect(room.closed).toEqual([{ id: 'c', code: 1002, reason: `${'ä'.repeat(59)}…` }]);
  });

  it('is read from base64 when the platform says so', async () => {
    const room = aRoom({ ...known, isAuthorized: false });
    const body = Buffer.from('{"type":"auth","token":null}').toString('base64');

    await tell(room, { ...message('events-out', body), isBase64Encoded: true });

    expect(room.posted).toEqual(['{"type":"auth_success"}']);
  });
});

describe('a greeting', () => {
  it('is not answered when the client has left meanwhile', async () => {
    const room = aRoom({ ...known, isAuthorized: false });
    const deps = { ...room.deps, connections: { ...room.deps.connections, authorize: async () => false } };

    await tell({ ...room, deps }, message('events-out', '{"type":"auth","token":null}'));

    expect(room.posted).toEqual([]);
  });

  it('removes a connection that is gone when it is answered', async () => {
    const room = aRoom(known);
    const deps = { ...room.deps, sender: { ...room.deps.sender, post: async () => 'gone' as const } };

    await tell({ ...room, deps }, message('events-out', '{"type":"auth","token":null}'));

    expect(room.removed).toEqual([{ kind: 'events-out', id: 'c' }]);
  });
});

describe('connecting', () => {
  it('keeps whose run it is, and for how long it can last', async () => {
    const room = aRoom(undefined, { transport: 'aws' });

    const headers = { 'X-Slipway-Run': 'run', 'Sec-WebSocket-Protocol': 'other, prefect' };
    const answer = await tell(room, { ...context('events-in', 'CONNECT'), headers });

    expect(answer).toEqual({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'prefect' } });
    expect(room.opened).toMatchObject([{ kind: 'events-in', runId: 'run', expiresAt: 1_000 + 130 * 60_000 }]);
  });

  it.each([undefined, '0', 'true'])('refuses /events/out as on AWS with X-Slipway-Watch: %s', async (watch) => {
    const room = aRoom(undefined, { transport: 'aws' });

    const headers = watch === undefined ? {} : { 'x-slipway-watch': watch };
    const answer = await tell(room, { ...context('events-out', 'CONNECT'), headers });

    expect(answer).toEqual({ statusCode: 404 });
    expect(room.opened).toEqual([]);
  });
});

describe('the end', () => {
  it('is told to the conversation, and the connection is forgotten', async () => {
    const left: ConnectionRef[] = [];
    const worker = { take: async () => undefined, leave: async (ref: ConnectionRef) => void left.push(ref) };
    const room = aRoom(known, { conversations: { 'events-out': worker, 'logs-out': worker, 'task-runs': worker } });

    await tell(room, context('task-runs', 'DISCONNECT', { disconnectStatusCode: 1006 }));

    expect(left).toEqual([{ kind: 'task-runs', id: 'c' }]);
    expect(room.removed).toEqual(left);
  });

  it.each([
    { code: 1009, lost: 1 },
    { code: 1000, lost: 0 },
    { code: 1001, lost: 0 },
  ])('of a client of events with code $code leaves its item, and notes $lost loss', async ({ code, lost }) => {
    const room = aRoom({ ...known, kind: 'events-in' });

    await tell(room, context('events-in', 'DISCONNECT', { disconnectStatusCode: code }));

    expect(room.removed).toEqual([]);
    expect(room.lost).toHaveLength(lost);
  });
});
