import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { LogFilter } from '../../shared/domain/filter/log-filter.ts';
import type { ConnectionRef, PostOutcome, Subscriber } from '../../shared/ports/connections.ts';
import { asJson } from '../../shared/use-cases/as-json.ts';
import { announceLogs, fanOutLogs } from '../../shared/use-cases/fan-out-logs.ts';

const watcher = (id: string, filter: LogFilter = {}): Subscriber => ({
  kind: 'logs-out',
  id,
  isAuthorized: true,
  connectedAt: 0,
  expiresAt: 1,
  subscription: { filter: asJson(filter), since: 0 },
});

const line = (message: string, change: Partial<LogLine> = {}): LogLine => ({
  id: message,
  created: 0,
  timestamp: 5,
  name: 'n',
  level: 20,
  message,
  flowRunId: 'run',
  ...change,
});

describe('announcing log lines', () => {
  const announced = async (watchers: readonly Subscriber[] | Error, lines: readonly LogLine[]) => {
    const sent: string[][] = [];
    const told: number[] = [];
    await announceLogs(
      {
        connections: {
          subscribers: async () => {
            if (watchers instanceof Error) throw watchers;
            return watchers;
          },
        },
        logLines: { send: async (wanted) => void sent.push(wanted.map(({ message }) => message)) },
        telemetry: { logsNotAnnounced: (count) => void told.push(count) },
      },
      lines,
    );
    return { sent, told };
  };

  it('sends nothing while nobody watches these lines', async () => {
    expect((await announced([], [line('a')])).sent).toEqual([]);
    expect((await announced([watcher('w', { level: { ge_: 40 } })], [line('a')])).sent).toEqual([]);
  });

  it('sends those that somebody watches, once', async () => {
    const watchers = [watcher('one', { level: { ge_: 30 } }), watcher('two', { flow_run_id: { any_: ['run'] } })];

    const { sent } = await announced(watchers, [
      line('a'),
      line('b', { level: 40 }),
      line('c', { flowRunId: 'other' }),
    ]);

    expect(sent).toEqual([['a', 'b']]);
  });

  it('never fails for whoever logs', async () => {
    expect(await announced(new Error('away'), [line('a')])).toEqual({ sent: [], told: [1] });
  });
});

describe('fanning log lines out', () => {
  it('gives each watcher its lines in order, and cuts off one that fails without harm to others', async () => {
    const sent: string[] = [];
    const gone: string[] = [];
    const deps = {
      world: { now: () => 0 },
      renderLog: ({ message }: LogLine) => message,
      connections: {
        subscribers: async () => [watcher('bad'), watcher('left'), watcher('good', { level: { ge_: 30 } })],
        remove: async ({ id }: ConnectionRef) => void gone.push(id),
      },
      sender: {
        post: async ({ id }: ConnectionRef, frame: string): Promise<PostOutcome> => {
          if (id === 'bad') throw new Error('no answer');
          if (id === 'left') return 'gone';
          sent.push(frame);
          return 'sent';
        },
        close: async () => {},
      },
      telemetry: { frameNotCarried: () => {}, watcherCutOff: () => {} },
    };

    await fanOutLogs(deps, [line('a', { level: 30 }), line('b'), line('c', { level: 40 })]);

    expect(sent).toEqual(['a', 'c']);
    expect(gone.toSorted()).toEqual(['bad', 'left']);
  });
});
