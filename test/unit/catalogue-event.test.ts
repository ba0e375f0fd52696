import { describe, expect, it } from 'vitest';
import type { Deployment, Flow, WorkPool, WorkQueue } from '../../shared/domain/catalogue.ts';
import { type CatalogueChange, tellingOf } from '../../shared/domain/event/catalogue-event.ts';

const kept = { created: 1, updated: 2, version: 1 };
const flow: Flow = { ...kept, id: 'f1', name: 'etl', tags: ['t'], labels: { team: 'data' } };
const queue: WorkQueue = { ...kept, id: 'q1', name: 'q', workPoolName: 'p', isPaused: false, priority: 2 };
const pool: WorkPool = {
  ...kept,
  id: 'p1',
  name: 'p',
  type: 'process',
  baseJobTemplate: {},
  isPaused: false,
  storageConfiguration: {},
  defaultQueueId: 'q0',
};
const deployment: Deployment = {
  ...kept,
  id: 'd1',
  name: 'nightly',
  flowId: 'f1',
  flowName: 'etl',
  paused: false,
  tags: ['a'],
  labels: {},
  schedules: [],
  parameters: { x: 1, y: 2 },
  enforceParameterSchema: true,
  jobVariables: {},
};
const poolRelated = {
  'prefect.resource.id': 'prefect.work-pool.p1',
  'prefect.resource.name': 'p',
  'prefect.work-pool.type': 'process',
  'prefect.resource.role': 'work-pool',
};

const tell = (change: CatalogueChange) => tellingOf(change, { flow, queue, pool });

describe('what became of a thing', () => {
  it('is told of a flow with what the flow holds', () => {
    expect(tell({ kind: 'flow', after: flow })).toEqual({
      event: 'prefect.flow.created',
      resource: { 'prefect.resource.id': 'prefect.flow.f1', 'prefect.resource.name': 'etl' },
      related: [],
      payload: { name: 'etl', tags: ['t'], labels: { team: 'data' } },
    });
    expect(tell({ kind: 'flow', before: flow, after: { ...flow, tags: [] } })).toMatchObject({
      event: 'prefect.flow.updated',
      payload: { tags: [] },
    });
    expect(tell({ kind: 'flow', before: flow })?.event).toBe('prefect.flow.deleted');
  });

  it('is told of a variable with its value', () => {
    const variable = { ...kept, id: 'v1', name: 'colour', value: 'red', tags: [] };

    expect(tell({ kind: 'variable', after: variable })).toMatchObject({
      event: 'prefect.variable.created',
      resource: { 'prefect.resource.id': 'prefect.variable.v1' },
      payload: { name: 'colour', value: 'red', tags: [] },
    });
  });

  it('is told of a pool with its default queue, except where fields changed', () => {
    const related = [{ 'prefect.resource.id': 'prefect.work-queue.q0', 'prefect.resource.role': 'default-queue' }];

    expect(tell({ kind: 'work-pool', after: pool })).toEqual({
      event: 'prefect.work-pool.created',
      resource: poolRelated,
      related,
      payload: {},
    });
    expect(tell({ kind: 'work-pool', before: pool })).toMatchObject({ event: 'prefect.work-pool.deleted', related });
    expect(tell({ kind: 'work-pool', before: pool, after: { ...pool, concurrencyLimit: 3 } })).toEqual({
      event: 'prefect.work-pool.updated',
      resource: poolRelated,
      related: [],
      payload: { updated_fields: ['concurrency_limit'], updates: { concurrency_limit: { from: null, to: 3 } } },
    });
  });

  it('is told of a queue with its pool', () => {
    const change = { kind: 'work-queue', before: queue, after: { ...queue, description: 'd', priority: 1 } } as const;

    expect(tell(change)).toEqual({
      event: 'prefect.work-queue.updated',
      resource: {
        'prefect.resource.id': 'prefect.work-queue.q1',
        'prefect.resource.name': 'q',
        'prefect.resource.role': 'work-queue',
      },
      related: [poolRelated],
      payload: {
        updated_fields: ['description', 'priority'],
        updates: { description: { from: '', to: 'd' }, priority: { from: 2, to: 1 } },
      },
    });
  });

  it('is told of a deployment with all that it refers to', () => {
    const after = { ...deployment, storageDocumentId: 's', infrastructureDocumentId: 'i', concurrencyLimitId: 'c' };

    const telling = tell({ kind: 'deployment', after });

    expect(telling?.resource).toEqual({
      'prefect.resource.id': 'prefect.deployment.d1',
      'prefect.resource.name': 'nightly',
    });
    expect(telling?.related.map((one) => `${one['prefect.resource.role']} ${one['prefect.resource.id']}`)).toEqual([
      'flow prefect.flow.f1',
      'work-queue prefect.work-queue.q1',
      'work-pool prefect.work-pool.p1',
      'storage prefect.block-document.s',
      'infrastructure prefect.block-document.i',
      'concurrency-limit prefect.concurrency-limit.c',
    ]);
  });

  it('goes on without surroundings that are gone', () => {
    expect(tellingOf({ kind: 'work-queue', before: queue }, {})?.related).toEqual([]);
    expect(tellingOf({ kind: 'deployment', before: deployment }, {})?.related).toEqual([]);
  });

  it.each<[string, CatalogueChange]>([
    ['a poll of a queue', { kind: 'work-queue', before: queue, after: { ...queue, version: 2, lastPolled: 5 } }],
    ['a switched queue', { kind: 'work-queue', before: queue, after: { ...queue, isPaused: true } }],
    ['a switched pool', { kind: 'work-pool', before: pool, after: { ...pool, isPaused: true } }],
    ['a poll of a deployment', { kind: 'deployment', before: deployment, after: { ...deployment, lastPolled: 5 } }],
    ['other schedules', { kind: 'deployment', before: deployment, after: { ...deployment, schedules: [] } }],
    [
      'parameters in another order',
      { kind: 'deployment', before: deployment, after: { ...deployment, parameters: { y: 2, x: 1 } } },
    ],
    ['a flow written again', { kind: 'flow', before: flow, after: { ...flow, updated: 9 } }],
  ])('is not told of %s', (_why, change) => {
    expect(tell(change)).toBeUndefined();
  });

  it('names the fields of a deployment as the wire does', () => {
    const after = { ...deployment, paused: true, jobVariables: { cpu: 1 }, deploymentVersion: 'v2', workQueueId: 'q1' };

    expect(tell({ kind: 'deployment', before: deployment, after })?.payload).toEqual({
      updated_fields: ['work_queue_id', 'infra_overrides', 'paused', 'version'],
      updates: {
        work_queue_id: { from: null, to: 'q1' },
        infra_overrides: { from: {}, to: { cpu: 1 } },
        paused: { from: false, to: true },
        version: { from: null, to: 'v2' },
      },
    });
  });
});
