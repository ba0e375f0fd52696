import { describe, expect, it } from 'vitest';
import { busSteps } from '../../lambdas/events/stages.ts';
import { applyEnvironment } from '../../local/environment.ts';
import { readOptions } from '../../local/options.ts';
import { readEnv } from '../../shared/config/env.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { OutgoingEvent } from '../../shared/ports/publishing.ts';
import { anEvent } from '../support/event-builders.ts';
import { aTaskRunEvent, flowRunId } from '../support/task-run-builders.ts';

const taskRunId = '99999999-9999-4999-8999-999999999999';
const failed = aTaskRunEvent({ id: 'state', type: 'FAILED', at: 5, taskRunId, state: { message: 'the disk is full' } });

/** What goes to the bus of these events, where an outbox is given. */
async function sentToBus(events: readonly PrefectEvent[]): Promise<OutgoingEvent[]> {
  const sent: OutgoingEvent[] = [];
  for (const { concerns, take } of busSteps({ send: async (given) => void sent.push(...given) })) {
    await take(events.filter((event) => concerns?.(event) ?? true));
  }
  return sent;
}

describe('task runs', () => {
  it('are told to the bus where that is asked for, other events are not', async () => {
    const sent = await sentToBus([failed, anEvent({ event: 'shop.opened' })]);

    expect(sent).toEqual([
      {
        id: 'state',
        time: failed.occurred,
        detailType: 'Slipway Task Run State Changed',
        detail: {
          id: 'state',
          event: 'prefect.task-run.Failed',
          occurred: new Date(failed.occurred).toISOString(),
          task_run_id: taskRunId,
          task_run_name: 'extract-0',
          flow_run_id: flowRunId,
          flow_id: null,
          tags: [],
          state: { type: 'FAILED', name: 'Failed', message: 'the disk is full' },
          initial_state: null,
        },
      },
    ]);
  });

  it('are told to nobody on the bus where nobody asked', () => {
    expect(busSteps(undefined)).toEqual([]);
  });

  it('are asked for on a machine by a variable of who starts the stack', () => {
    const url = 'http://127.0.0.1:1';
    const queueUrls = { trigger: url, submit: url, observe: url, publish: url, events: url, act: url };
    const asked = (environment: NodeJS.ProcessEnv) => {
      const target: NodeJS.ProcessEnv = {};
      const options = readOptions([], environment);
      if (options === 'help') throw new Error('nobody asked for help');
      const endpoints = { database: url, queue: url, services: url, sockets: url };
      const places = { endpoints, queueUrls, apiUrl: `${url}/api`, socketsUrl: url, secretKeyFile: '/key' };
      applyEnvironment({ ...places, sockets: 'local', busTaskRuns: options.busTaskRuns }, target);
      return readEnv('events', target).SLIPWAY_BUS_TASK_RUNS;
    };

    expect(asked({})).toBe('false');
    expect(asked({ SLIPWAY_BUS_TASK_RUNS: 'true' })).toBe('true');
    expect(() => asked({ SLIPWAY_BUS_TASK_RUNS: 'yes' })).toThrow(
      'SLIPWAY_BUS_TASK_RUNS must be true or false, got yes',
    );
  });
});
