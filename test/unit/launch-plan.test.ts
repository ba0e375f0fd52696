// The ways to launch a run's task: which there are, which comes next and why, and the request of each.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { Attempt } from '../../shared/domain/run/attempt.ts';
import { planOfAttempt } from '../../shared/domain/run/plan-of-attempt.ts';
import { askedBy, capacityTypeOf } from '../../shared/domain/task/capacity.ts';
import {
  firstPlan,
  type LaunchOptions,
  launchOptions,
  nextPlan,
  planRequest,
  plansOf,
} from '../../shared/domain/task/launch-plan.ts';
import { type LaunchSettings, readLaunchSettings } from '../../shared/domain/task/launch-settings.ts';
import { anAttempt, aTask } from '../support/run-builders.ts';
import { taskOf } from '../support/task-input.ts';

const container = 'prefect';
const runId = '00000000-1111-4111-8111-111111111111';

function requestOf(jobVariables: JsonObject): JsonObject {
  const task = taskOf({ jobVariables });
  if (!task.ok) throw new Error(task.problem);
  return task.request;
}

function settingsOf(values: JsonObject): LaunchSettings {
  const read = readLaunchSettings(values);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.settings;
}

function optionsOf(values: JsonObject, id = runId): { request: JsonObject; options: LaunchOptions } {
  const request = requestOf(values);
  const options = launchOptions(request, settingsOf(values), { container, runId: id });
  if (options === undefined) throw new Error('only one way');
  return { request, options };
}

const spot = { launch_type: 'FARGATE_SPOT', capacity_fallback: 'on-demand', subnet_rotation: 'never' };
const everything = {
  ...spot,
  subnet_rotation: 'after-failure',
  cpu: 1024,
  memory: 2048,
  size_alternatives: [{ cpu: 512, memory: 2048 }],
};

describe('the ways to launch', () => {
  it('are one where nothing is asked for and there is one subnet', () => {
    const request = requestOf({ network_configuration: { subnets: ['subnet-a'] } });

    expect(launchOptions(request, settingsOf({}), { container, runId })).toBeUndefined();
  });

  it('are all subnets, then each of them, where nothing is asked for on Fargate', () => {
    const { options } = optionsOf({});

    expect(plansOf(options)).toEqual([{}, { subnet: 'subnet-a' }, { subnet: 'subnet-b' }]);
  });

  it('are one on other capacity unless the pool asks for more', () => {
    const request = requestOf({ launch_type: 'EC2', network_configuration: { subnets: ['subnet-a', 'subnet-b'] } });

    expect(launchOptions(request, settingsOf({}), { container, runId })).toBeUndefined();
  });

  it('are Spot, then on-demand', () => {
    expect(plansOf(optionsOf(spot).options)).toEqual([{}, { capacity: 'on-demand' }]);
  });

  it('are one subnet a try, another one first for another run', () => {
    const values = { subnet_rotation: 'always' };

    expect(plansOf(optionsOf(values).options)).toEqual([{ subnet: 'subnet-a' }, { subnet: 'subnet-b' }]);
    expect(plansOf(optionsOf(values, `00000001${runId.slice(8)}`).options)).toEqual([
      { subnet: 'subnet-b' },
      { subnet: 'subnet-a' },
    ]);
  });

  it('are the subnets of one size, then the next size, then all of it on-demand', () => {
    const size = { cpu: 512, memory: 2048 };
    const ofOne = [{}, { subnet: 'subnet-a' }, { subnet: 'subnet-b' }];
    const ofCapacity = [...ofOne, ...ofOne.map((plan) => ({ size, ...plan }))];

    expect(plansOf(optionsOf(everything).options)).toEqual([
      ...ofCapacity,
      ...ofCapacity.map((plan) => ({ capacity: 'on-demand', ...plan })),
    ]);
  });
});

describe('the next way', () => {
  const { options } = optionsOf(everything);
  const plans = plansOf(options);

  it('after no room is the next one, and after the last one the first', () => {
    plans.forEach((plan, at) => {
      expect(nextPlan(options, plan, 'no-room')).toEqual(plans[(at + 1) % plans.length]);
    });
  });

  it('is the same where another one would mend nothing', () => {
    for (const plan of plans) expect(nextPlan(options, plan, 'other')).toEqual(plan);
  });

  it('after Spot took the task back is on-demand, of the same size in the same subnet', () => {
    for (const plan of plans) expect(nextPlan(options, plan, 'spot-lost')).toEqual({ ...plan, capacity: 'on-demand' });
  });

  it('after Spot took the task back is another zone where on-demand is not asked for', () => {
    const zones = optionsOf({ launch_type: 'FARGATE_SPOT' }).options;

    expect(nextPlan(zones, {}, 'spot-lost')).toEqual({ subnet: 'subnet-a' });
    expect(nextPlan(zones, { subnet: 'subnet-a' }, 'spot-lost')).toEqual({ subnet: 'subnet-b' });
    expect(nextPlan(zones, { subnet: 'subnet-b' }, 'spot-lost')).toEqual({ subnet: 'subnet-a' });
  });

  it('of a plan that is offered no more begins anew', () => {
    expect(nextPlan(options, { subnet: 'subnet-gone' }, 'other')).toEqual(firstPlan(options));
    expect(nextPlan(options, { subnet: 'subnet-gone' }, 'no-room')).toEqual(plans[1]);
  });
});

describe('the next attempt', () => {
  const { options } = optionsOf(everything);
  const planAfter = (over: Partial<Attempt>) => planOfAttempt(options, anAttempt({ plan: {}, ...over }));

  it('of a new run begins with what the pool asked for', () => {
    expect(planOfAttempt(options, undefined)).toEqual({});
    expect(planOfAttempt(options, anAttempt())).toEqual({});
  });

  it('goes on-demand after a Spot interruption', () => {
    expect(planAfter({ task: aTask('STOPPED', { stopCode: 'SpotInterruption' }) })).toEqual({ capacity: 'on-demand' });
  });

  it.each([
    ['failed to start', { task: aTask('STOPPED', { stopCode: 'TaskFailedToStart' }) }],
    [
      'did not start in time',
      {
        task: aTask('STOPPED', { stopCode: 'UserInitiated' }),
        stopRequested: { at: 0, cause: 'start-deadline', sends: 1 },
      },
    ],
  ] as const)('goes the next way when the one before %s', (_what, former) => {
    expect(planAfter(former)).toEqual({ subnet: 'subnet-a' });
  });

  it.each(['EssentialContainerExited', 'InfrastructureHealth', 'TerminationNotice'])(
    'goes the same way after %s',
    (stopCode) => {
      const plan = { capacity: 'on-demand', subnet: 'subnet-b' } as const;

      expect(planAfter({ plan, task: aTask('STOPPED', { stopCode }) })).toEqual(plan);
    },
  );
});

describe('the request of a way', () => {
  const { request, options } = optionsOf(everything);

  it('is the pool’s own for the first one', () => {
    expect(planRequest(request, options, { plan: {}, container })).toEqual({
      ...request,
      networkConfiguration: request['networkConfiguration'],
    });
  });

  it('differs in nothing but what the plan says', () => {
    const plan = { capacity: 'on-demand', size: { cpu: 512, memory: 2048 }, subnet: 'subnet-b' } as const;
    const { capacityProviderStrategy: _spot, ...rest } = request;

    const planned = planRequest(request, options, { plan, container });

    expect(capacityTypeOf(planned)).toBe('FARGATE');
    expect(planned).toEqual({
      ...rest,
      launchType: 'FARGATE',
      overrides: expect.objectContaining({
        cpu: '512',
        memory: '2048',
        containerOverrides: [expect.objectContaining({ name: container, cpu: 512, memory: 2048 })],
      }),
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ['subnet-b'], securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' },
      },
    });
    expect(askedBy(planned)).toEqual({ capacity: 'FARGATE', cpu: 512, memory: 2048, subnets: ['subnet-b'] });
  });

  it('is the same whichever way was gone before', () => {
    for (const plan of plansOf(options)) {
      const direct = planRequest(request, options, { plan, container });
      for (const before of plansOf(options)) {
        const detour = planRequest(planRequest(request, options, { plan: before, container }), options, {
          plan,
          container,
        });
        expect(detour).toEqual(direct);
      }
    }
  });

  it('without a size of its own gets the definition’s back', () => {
    const values = { size_alternatives: [{ cpu: 512, memory: 2048 }], subnet_rotation: 'never' };
    const plain = optionsOf(values);
    const sized = planRequest(plain.request, plain.options, { plan: { size: { cpu: 512, memory: 2048 } }, container });

    expect(planRequest(sized, plain.options, { plan: {}, container })).toEqual(plain.request);
  });
});

describe('the type of capacity', () => {
  it.each([
    [{ launchType: 'FARGATE' }, 'FARGATE'],
    [{ launchType: 'EC2' }, 'EC2'],
    [{ launchType: 'EXTERNAL' }, 'EXTERNAL'],
    [{}, 'EC2'],
    [{ capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] }, 'FARGATE_SPOT'],
    [{ capacityProviderStrategy: [{ capacityProvider: 'my-instances' }] }, 'PROVIDER'],
    [
      {
        capacityProviderStrategy: [
          { capacityProvider: 'FARGATE', weight: 1, base: 1 },
          { capacityProvider: 'FARGATE_SPOT', weight: 4 },
        ],
      },
      'FARGATE_SPOT',
    ],
  ])('of %j is %s', (request, type) => {
    expect(capacityTypeOf(request)).toBe(type);
  });
});
