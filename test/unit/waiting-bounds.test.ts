// Bounds of waiting runs as pools and deployments say them; what is no whole number above 0 sets none.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/domain/json.ts';
import { waitingBounds } from '../../shared/domain/work-pool/waiting-bounds.ts';

const pool = (defaults: JsonObject) => ({
  baseJobTemplate: {
    variables: {
      properties: Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { default: value }])),
    },
  },
});

describe('bounds', () => {
  it('come from the pool for itself, its queues and what is common, from the deployment for itself', () => {
    const bounds = waitingBounds({
      pool: pool({ max_waiting_runs: 9, max_waiting_runs_of_queues: { urgent: 3 }, skip_after_seconds: 60 }),
      queueName: 'urgent',
      deployment: { jobVariables: { max_waiting_runs: 2, waiting_overflow: 'drop_oldest', skip_after_seconds: 5 } },
    });

    expect(bounds).toEqual({ pool: 9, queue: 3, deployment: 2, overflow: 'drop_oldest', skipAfterSeconds: 5 });
  });

  it('of a deployment that are null are the pool’s', () => {
    const deployment = { jobVariables: { waiting_overflow: null, skip_after_seconds: null } };
    const given = pool({ waiting_overflow: 'drop_oldest', skip_after_seconds: 7 });

    expect(waitingBounds({ pool: given, deployment })).toEqual({ overflow: 'drop_oldest', skipAfterSeconds: 7 });
  });

  it.each([0, -1, 1.5, '3', null, true])('that are %j are none', (value) => {
    const nothing = pool({ max_waiting_runs: value, max_waiting_runs_of_queues: value, waiting_overflow: value });

    expect(waitingBounds({ pool: nothing, queueName: 'default' })).toEqual({ overflow: 'refuse' });
    expect(waitingBounds({})).toEqual({ overflow: 'refuse' });
  });
});
