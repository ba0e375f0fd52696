// Flows and flow runs, as a random client uses them: also in orders that make no sense.
import type { JsonObject } from '../../../shared/domain/json.ts';
import { flowFilter, flowRunFilter, relatedFilters } from './filters.ts';
import {
  create,
  future,
  get,
  type Move,
  nameIn,
  past,
  patch,
  post,
  remove,
  type Scene,
  someOf,
  type Theme,
} from './scene.ts';

export const makeFlow: Move = (scene) => {
  const { dice } = scene;
  const isAgain = dice.once(5) && scene.all('flow').length > 0;
  const name = isAgain ? (dice.oneOf(scene.all('flow')) ?? '') : scene.fresh('flow');
  if (!isAgain) scene.add('flow', name);
  const body = {
    name,
    tags: dice.some([`${scene.prefix}-a`, 'b', 'c']),
    ...someOf(dice, { labels: { team: 'x', size: 3 } }),
  };
  return create('/flows/', name, body);
};

export const makeRun: Move = (scene) => {
  const { dice } = scene;
  const flow = scene.ref('flow');
  if (flow === undefined) return undefined;
  scene.add('used-flow', nameIn(flow));
  const name = scene.add('run', scene.fresh('run'));
  const scheduled = { type: 'SCHEDULED', state_details: { scheduled_time: dice.one([...past, ...future]) } };
  return create('/flow_runs/', name, {
    flow_id: flow,
    ...(dice.once(6) ? {} : { name }),
    ...(dice.once(2) ? { tags: [...dice.some(['b', 'c']), `${scene.prefix}-a`] } : {}),
    ...someOf(dice, {
      state: dice.one<JsonObject>([
        { type: 'PENDING' },
        { type: 'RUNNING' },
        scheduled,
        scheduled,
        { type: 'COMPLETED', message: 'at once' },
      ]),
      parameters: { x: 1, y: { z: [1, 2] } },
      idempotency_key: `${scene.prefix}-${dice.whole(1, 4)}`,
      flow_version: dice.one(['1', '2']),
      labels: { own: 'label', on: true },
      empirical_policy: { retries: dice.whole(0, 2), retry_delay: dice.one([0, 3600]) },
      context: { from: 'here' },
      job_variables: { env: { A: 'b' } },
    }),
  });
};

const details = (scene: Scene): JsonObject =>
  someOf(scene.dice, {
    scheduled_time: scene.dice.one([...past, ...future]),
    transition_id: scene.dice.one(['10000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000002']),
    pause_timeout: scene.dice.one([...past, ...future]),
    pause_key: scene.dice.one(['one', 'two']),
    pause_reschedule: scene.dice.once(2),
    untrackable_result: true,
  });

const stateNames = {
  SCHEDULED: ['Scheduled', 'Late', 'AwaitingRetry', 'Resuming', 'AwaitingConcurrencySlot'],
  PENDING: ['Pending', 'Submitting', 'InfrastructurePending'],
  RUNNING: ['Running', 'Retrying'],
  COMPLETED: ['Completed', 'Cached', 'Skipped'],
  FAILED: ['Failed', 'TimedOut'],
  CANCELLED: ['Cancelled'],
  CRASHED: ['Crashed', 'Aborted'],
  PAUSED: ['Paused', 'Suspended'],
  CANCELLING: ['Cancelling'],
} as const;

export function randomState(scene: Scene): JsonObject {
  const { dice } = scene;
  const type = dice.one([
    'RUNNING',
    'RUNNING',
    'PENDING',
    'PENDING',
    'SCHEDULED',
    'COMPLETED',
    'FAILED',
    'PAUSED',
    'CANCELLING',
    'CANCELLED',
    'CRASHED',
  ] as const);
  const names: readonly string[] = stateNames[type];
  return {
    type,
    ...someOf(dice, {
      name: dice.oneOf(names) ?? type,
      message: `because of ${dice.whole(1, 3)}`,
      state_details: details(scene),
      data: dice.one<JsonObject>([{ type: 'unpersisted' }, { type: 'cloudpickle', encoding: 'blob' }]),
    }),
  };
}

export const setState: Move = (scene) => {
  const run = scene.ref('run');
  if (run === undefined) return undefined;
  const force = scene.dice.once(6) ? { force: true } : {};
  const step = post(`/flow_runs/${run}/set_state`, { state: randomState(scene), ...force });
  return { ...step, keep: { [scene.add('flow-run-state', scene.fresh('flow-run-state'))]: 'state.id' } };
};

/** The road that most runs take, so that sequences get to its end. */
export const goOn: Move = (scene) => {
  const run = scene.ref('run');
  const type = scene.dice.one(['PENDING', 'RUNNING', 'RUNNING', 'COMPLETED', 'FAILED']);
  return run === undefined ? undefined : post(`/flow_runs/${run}/set_state`, { state: { type } });
};

export const ofRun =
  (make: (run: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const run = scene.ref('run');
    return run === undefined ? undefined : make(run, scene);
  };

const patchRun = ofRun((run, { dice, fresh }) =>
  patch(
    `/flow_runs/${run}`,
    someOf(dice, {
      name: fresh('renamed'),
      tags: ['b', 'new'],
      flow_version: '7',
      parameters: { x: 2 },
      empirical_policy: { retries: 1, retry_delay: 0 },
      infrastructure_pid: 'host:77',
      job_variables: { image: 'i:1' },
    }),
  ),
);

const runList =
  (route: string): Move =>
  (scene) => {
    const { dice } = scene;
    const isPage = route === 'paginate';
    const window =
      route === 'filter'
        ? { limit: dice.whole(1, 20), offset: dice.whole(0, 2) }
        : isPage
          ? { limit: dice.whole(1, 3), page: dice.whole(1, 3) }
          : {};
    const sort = ['filter', 'paginate'].includes(route) ? { sort: dice.one(['NAME_ASC', 'NAME_DESC']) } : {};
    return post(`/flow_runs/${route}`, {
      flow_runs: flowRunFilter(scene),
      ...relatedFilters(scene, 'flow_runs'),
      ...window,
      ...sort,
    });
  };

const history: Move = (scene) => ({
  ...post(`/flow_runs/history`, {
    history_start: '2020-01-01T00:00:00Z',
    history_end: '2020-01-04T00:00:00Z',
    history_interval_seconds: scene.dice.one([86_400, 43_200]),
    flow_runs: flowRunFilter(scene),
  }),
  isUnordered: true,
});

const setManyStates: Move = (scene) => ({
  ...post('/flow_runs/bulk_set_state', {
    flow_runs: { id: { any_: scene.dice.some(scene.all('run')).map((name) => `@{${name}}`) } },
    state: randomState(scene),
    ...someOf(scene.dice, { force: true }),
  }),
  isUnordered: true,
});

export const deleteRun: Move = ofRun((run, scene) => {
  if (!scene.dice.once(2)) return undefined;
  scene.drop('run', nameIn(run));
  return remove(`/flow_runs/${run}`);
});

const flowList =
  (route: string): Move =>
  (scene) => {
    const { dice } = scene;
    const window =
      route === 'filter'
        ? { limit: dice.whole(1, 20), offset: dice.whole(0, 1) }
        : route === 'paginate'
          ? { limit: 2, page: dice.whole(1, 2) }
          : {};
    const sort = route === 'count' ? {} : { sort: dice.one(['NAME_ASC', 'NAME_DESC']) };
    return post(`/flows/${route}`, { flows: flowFilter(scene), ...relatedFilters(scene, 'flows'), ...window, ...sort });
  };

const ofFlow =
  (make: (flow: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const flow = scene.ref('flow');
    return flow === undefined ? undefined : make(flow, scene);
  };

/** Flows with runs stay: what becomes of the runs is another matter. */
const removeFlow: Move = (scene) => {
  const flow = scene.dice.oneOf(scene.all('flow').filter((name) => !scene.all('used-flow').includes(name)));
  if (flow === undefined || !scene.dice.once(2)) return undefined;
  scene.drop('flow', flow);
  const isBulk = scene.dice.once(3);
  return isBulk ? post('/flows/bulk_delete', { flows: { id: { any_: [`@{${flow}}`] } } }) : remove(`/flows/@{${flow}}`);
};

export const flows: Theme = {
  name: 'flows',
  begin: [makeFlow],
  moves: [
    makeFlow,
    makeFlow,
    makeRun,
    flowList('filter'),
    flowList('count'),
    flowList('paginate'),
    ofFlow((flow) => get(`/flows/${flow}`)),
    (scene) => get(`/flows/name/${scene.named('flow') ?? 'q0-none'}`),
    ofFlow((flow, { dice }) => patch(`/flows/${flow}`, { tags: dice.some(['b', 'd', 'e']) })),
    ofFlow((flow) => post('/ui/flows/count-deployments', { flow_ids: [flow] })),
    ofFlow((flow) => post('/ui/flows/next-runs', { flow_ids: [flow] })),
    removeFlow,
  ],
};

export const flowRuns: Theme = {
  name: 'flow runs',
  begin: [makeFlow, makeRun, makeRun],
  moves: [
    makeRun,
    makeRun,
    makeRun,
    setState,
    goOn,
    patchRun,
    deleteRun,
    setManyStates,
    history,
    runList('filter'),
    runList('filter'),
    runList('count'),
    runList('paginate'),
    runList('lateness'),
    ofRun((run) => get(`/flow_runs/${run}`)),
    ofRun((run) => get(`/flow_runs/${run}/graph`)),
    ofRun((run) => get(`/flow_runs/${run}/graph-v2`)),
    ofRun((run) => patch(`/flow_runs/${run}/labels`, { more: 'labels', 'a.b': 1.5 })),
    (scene) =>
      scene.dice.once(3)
        ? { ...post('/flow_runs/bulk_delete', { flow_runs: { id: { any_: [scene.ref('run') ?? ''] } } }) }
        : undefined,
    (scene) => post('/ui/flow_runs/history', { flow_runs: flowRunFilter(scene), sort: 'EXPECTED_START_TIME_ASC' }),
    ofRun((run) => post('/ui/flow_runs/count-task-runs', { flow_run_ids: [run] })),
  ],
};
