import { describe, expect, it } from 'vitest';
import type { Flow, WorkPool, WorkQueue } from '../../shared/domain/catalogue.ts';
import { flowRunEvent, stateMoves } from '../../shared/domain/event/flow-run-event.ts';
import { briefState } from '../../shared/domain/run/state.ts';
import { aRun, aState, minute, runId, start } from '../support/run-builders.ts';

const kept = { created: 0, updated: 0, version: 1 };
const flow: Flow = { ...kept, id: 'f1', name: 'etl', tags: ['b-flow'], labels: {} };
const queue: WorkQueue = { ...kept, id: 'q1', name: 'default', workPoolName: 'p', isPaused: false, priority: 1 };
const pool: WorkPool = {
  ...kept,
  id: 'p1',
  name: 'p',
  type: 'ecs:push',
  baseJobTemplate: {},
  isPaused: false,
  storageConfiguration: {},
  defaultQueueId: 'q1',
};

const from = aState('PENDING', { id: 's1', message: 'soon' });
const to = aState('RUNNING', { id: 's2', timestamp: start + 0.5 });
const run = aRun({ state: to, tags: ['a-run', 'b-flow'], runCount: 1 });

describe('the event of a new state', () => {
  it('is named, labelled and filled as Prefect does it', () => {
    const event = flowRunEvent({ run, from, to }, { flow, queue, pool }, start + 9);

    expect(event).toEqual({
      id: 's2',
      occurred: start + 0.5,
      received: start + 9,
      event: 'prefect.flow-run.Running',
      follows: 's1',
      resource: {
        'prefect.resource.id': `prefect.flow-run.${runId}`,
        'prefect.resource.name': 'brave-otter',
        'prefect.run-count': '1',
        'prefect.state-message': '',
        'prefect.state-name': 'Running',
        'prefect.state-timestamp': '2026-01-05T08:00:00.000500+00:00',
        'prefect.state-type': 'RUNNING',
      },
      related: [
        { 'prefect.resource.id': 'prefect.flow.f1', 'prefect.resource.name': 'etl', 'prefect.resource.role': 'flow' },
        {
          'prefect.resource.id': 'prefect.work-queue.q1',
          'prefect.resource.name': 'default',
          'prefect.resource.role': 'work-queue',
        },
        {
          'prefect.resource.id': 'prefect.work-pool.p1',
          'prefect.resource.name': 'p',
          'prefect.work-pool.type': 'ecs:push',
          'prefect.resource.role': 'work-pool',
        },
        { 'prefect.resource.id': 'prefect.tag.a-run', 'prefect.resource.role': 'tag' },
        { 'prefect.resource.id': 'prefect.tag.b-flow', 'prefect.resource.role': 'tag' },
      ],
      payload: {
        intended: { from: 'PENDING', to: 'RUNNING' },
        initial_state: { type: 'PENDING', name: 'Pending', message: 'soon' },
        validated_state: { type: 'RUNNING', name: 'Running' },
      },
    });
  });

  it('of a new run comes from no state and follows nothing', () => {
    const event = flowRunEvent({ run, to }, {}, start);

    expect(event.payload).toMatchObject({ intended: { from: null, to: 'RUNNING' }, initial_state: null });
    expect(event).not.toHaveProperty('follows');
  });

  it.each([
    [5 * minute - 1, 's1'],
    [5 * minute, undefined],
  ])('follows the state before it only while they are close: %i ms', (apart, follows) => {
    const late = { ...to, timestamp: start + apart };

    expect(flowRunEvent({ run, from, to: late }, {}, start).follows).toBe(follows);
  });

  it('says of a pause whether it gives its task back', () => {
    const paused = aState('PAUSED', { details: { pauseReschedule: true } });

    const { payload } = flowRunEvent({ run, from: to, to: paused }, {}, start);

    expect(payload['validated_state']).toMatchObject({ pause_reschedule: 'true' });
  });

  it('leaves the middle of an endless message out', () => {
    const endless = aState('FAILED', { message: `${'a'.repeat(60_000)}${'b'.repeat(60_000)}` });

    const { resource } = flowRunEvent({ run, from: to, to: endless }, {}, start);

    const message = resource['prefect.state-message'] ?? '';
    expect(message).toHaveLength(100_000 + '...20000 additional characters...'.length);
    expect(message).toMatch(/^a{50000}\.\.\.20000 additional characters\.\.\.b{50000}$/);
  });

  it.each([
    [
      { id: 'd1', type: 'DEPLOYMENT', display_value: 'nightly' },
      [
        {
          'prefect.resource.id': 'prefect.deployment.d1',
          'prefect.resource.role': 'creator',
          'prefect.resource.name': 'nightly',
        },
      ],
    ],
    [
      { id: 'a1', type: 'AUTOMATION', display_value: null },
      [{ 'prefect.resource.id': 'prefect.automation.a1', 'prefect.resource.role': 'creator' }],
    ],
    [{ id: 'u1', type: 'USER' }, []],
    [null, []],
  ])('names the maker %j', (createdBy, creators) => {
    const body = { parameters: {}, jobVariables: {}, context: {}, labels: {}, createdBy };

    const { related } = flowRunEvent({ run: aRun({ state: to }), to }, { body }, start);

    expect(related).toEqual(creators);
  });
});

describe('states that a change of a head brought', () => {
  it('are none when the head moved and its state did not', () => {
    expect(stateMoves({ before: run, after: { ...run, version: 2 } })).toEqual([]);
  });

  it('are none when the run was deleted', () => {
    expect(stateMoves({ before: run })).toEqual([]);
  });

  it('are the one that came, after the one that was', () => {
    const before = aRun({ state: from });

    expect(stateMoves({ before, after: run })).toEqual([{ run, from, to }]);
  });

  it('are all of them when one write brought two, oldest first', () => {
    const middle = aState('PENDING', { id: 's-middle' });
    const after = aRun({ state: to, recentStates: [briefState(middle), briefState(from)] });

    const moves = stateMoves({ before: aRun({ state: from }), after });

    expect(moves.map((move) => [move.from?.id, move.to.id])).toEqual([
      ['s1', 's-middle'],
      ['s-middle', 's2'],
    ]);
  });

  it('are all that a new head has', () => {
    const after = aRun({ state: to, recentStates: [briefState(from)] });

    expect(stateMoves({ after }).map((move) => [move.from?.id, move.to.id])).toEqual([
      [undefined, 's1'],
      ['s1', 's2'],
    ]);
  });
});
