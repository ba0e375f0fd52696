// Every criterion of every filter and every order of Prefect's lists, asked of a real Prefect server and of ours.
// Rule: both find the same, and each criterion finds some of what is there but not all: one that is passed over fails.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Asked, allAsked, allSorted, criteriaOf, filterOf } from './filters/asked.ts';
import { blunt, broken, idleOperators, operators, values } from './filters/cases.ts';
import { foundIn } from './filters/found.ts';
import { eventIds, scene, taskRunsInOrder } from './filters/scene.ts';
import { startOwnServer } from './sequences/own-server.ts';
import { startPrefectServer } from './sequences/prefect-server.ts';
import { type Conversation, converse, type Told } from './sequences/run.ts';
import type { Answer } from './sequences/server.ts';

/** Operations with a filter that finds nothing for the answer. */
const others: Readonly<Record<string, string>> = {
  'POST /deployments/bulk_delete': 'removes what it finds',
  'POST /flow_runs/bulk_delete': 'removes what it finds',
  'POST /flow_runs/bulk_set_state': 'changes what it finds',
  'POST /flows/bulk_delete': 'removes what it finds',
  'POST /task_workers/filter': 'finds workers that are connected by a socket',
  'POST /work_pools/{work_pool_name}/queues': 'stores it',
  'PATCH /work_pools/{work_pool_name}/queues/{name}': 'stores it',
  'POST /work_queues/': 'stores it',
  'PATCH /work_queues/{id}': 'stores it',
};
const asked = allAsked.filter(({ operation }) => !(operation in others));

/** Lists and counts in which each criterion of this filter has to tell things apart; elsewhere one is enough. */
const thorough: Readonly<Record<string, RegExp>> = {
  ArtifactFilter: /^POST \/artifacts\/(?:filter|count)$/,
  ArtifactCollectionFilter: /^POST \/artifacts\/latest\/(?:filter|count)$/,
  AutomationFilter: /^POST \/automations\/(?:filter|count)$/,
  BlockDocumentFilter: /^POST \/block_documents\/(?:filter|count)$/,
  BlockSchemaFilter: /^POST \/block_schemas\/filter$/,
  BlockTypeFilter: /^POST \/block_types\/filter$/,
  DeploymentFilter: /^POST \/deployments\/(?:filter|count)$/,
  EventFilter: /^POST \/events\/filter$/,
  FlowFilter: /^POST \/flows\/(?:filter|count)$/,
  FlowRunFilter: /^POST \/flow_runs\/(?:filter|count)$/,
  LogFilter: /^POST \/logs\/filter$/,
  TaskRunFilter: /^POST \/task_runs\/(?:filter|count)$/,
  VariableFilter: /^POST \/variables\/(?:filter|count)$/,
  WorkPoolFilter: /^POST \/work_pools\/(?:filter|count)$/,
  WorkQueueFilter: /^POST \/work_queues\/filter$/,
  WorkerFilter: /\/workers\/filter$/,
};
const isThorough = ({ operation, filter }: Asked) => thorough[filter]?.test(operation) === true;

const span = { start: '2023-12-01T00:00:00Z', end: '2034-01-01T00:00:00Z', seconds: 400_000_000 };
const history = { history_start: span.start, history_end: span.end, history_interval_seconds: span.seconds };
const ofTheScene = { filter: { event: { prefix: ['shop.'] } } };
/** What a request has beside the filter that is asked for. */
const bases: Readonly<Record<string, JsonObject>> = {
  'POST /block_documents/count': { block_documents: { is_anonymous: null } },
  'POST /block_documents/filter': { block_documents: { is_anonymous: null } },
  'POST /events/count-by/{countable}': ofTheScene,
  'POST /events/filter': ofTheScene,
  'POST /flow_runs/history': history,
  'POST /task_runs/history': history,
  'POST /ui/task_runs/dashboard/counts': { task_runs: { start_time: { after_: span.start, before_: span.end } } },
};

type Found = { readonly theirs: readonly string[]; readonly ours: readonly string[] };

let both: Conversation;

beforeAll(async () => {
  const foreman = { FOREMAN_ENABLED: 'true', FOREMAN_LOOP_SECONDS: '1' };
  const [theirs, ours] = await Promise.all([startPrefectServer(foreman), startOwnServer()]);
  both = converse({ theirs, ours });
  for (const act of scene) await perform(act);
  for (const [index, id] of eventIds.entries()) both.name(`event-${index + 1}`, id);
  await ours.countRuns();
  await waitForPrefect('its events', 'POST /events/filter', { count: eventIds.length });
  // Its worker is silent once a loop of the server has seen it.
  const silent = { workers: { status: { any_: ['OFFLINE'] } } };
  await waitForPrefect('a silent worker', 'POST /work_pools/{work_pool_name}/workers/filter', {
    count: 1,
    body: silent,
  });
}, 600_000);
afterAll(() => both.close());

async function perform(act: (typeof scene)[number]): Promise<void> {
  if ('mark' in act) {
    const passed = Date.now();
    await waitFor('the clock to go on', () => Date.now() > passed + 1, { everyMilliseconds: 1 });
    both.name(act.mark, new Date(passed + 1).toISOString());
    return;
  }
  for (const { status, body } of await both.ask(act)) {
    if (status >= 300) throw new Error(`${act.method} ${act.path} answers ${status} ${JSON.stringify(body)}`);
  }
}

async function waitForPrefect(what: string, operation: string, wanted: { count: number; body?: JsonObject }) {
  const look = async () => (await find(operation, wanted.body ?? {})).theirs.length === wanted.count;
  await waitFor(what, look, { deadlineSeconds: 60, everyMilliseconds: 200 });
}

async function find(operation: string, body: JsonObject): Promise<Found> {
  const path = operation.replace('POST ', '').replace('{work_pool_name}', 'pool-p').replace('{countable}', 'event');
  const [theirs, ours] = await both.ask({ method: 'POST', path, body: merged(bases[operation] ?? {}, body) });
  const found = (told: Told) => (operation.endsWith('/lateness') ? inHours(told) : foundIn(told, told.refs));
  return { theirs: found(theirs), ours: found(ours) };
}

/** It counts to the moment of the request. */
function inHours({ body }: Answer): string[] {
  return typeof body === 'number' ? [`${Math.round(body / 3600)} hours`] : [];
}

/** One in the other, field by field. */
function merged(base: JsonObject, more: JsonObject): JsonObject {
  const fields = Object.entries(more).map(([key, value]): [string, Json] => {
    const under = base[key];
    return [key, isObject(under) && isObject(value) ? merged(under, value) : value];
  });
  return { ...base, ...Object.fromEntries(fields) };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const list = (found: readonly string[]) => found.toSorted().join(', ') || 'nothing';

/** Filters that break this list of Prefect's server; ours has to tell things apart all the same. */
const breaking: Readonly<Record<string, readonly string[]>> = {
  'POST /ui/task_runs/dashboard/counts': ['work_pools'],
};

/** What is wrong with one question about one criterion: nothing, if both find the same. */
function disagreement(question: string, { theirs, ours }: Found): string[] {
  return list(theirs) === list(ours) ? [] : [`${question}: Prefect finds ${list(theirs)}, ours ${list(ours)}`];
}

type Judged = { readonly isTold: boolean; readonly problems: readonly string[] };

/** Whether both find the same by a value, and whether it tells things apart. */
async function judgeValue({ operation, field }: Asked, criterion: string, value: Json): Promise<Judged> {
  const all = await find(operation, {});
  const found = await find(operation, { [field]: filterOf(criterion, value) });
  const isBroken = breaking[operation]?.includes(field) === true;
  const [told, whole] = isBroken ? [found.ours, all.ours] : [found.theirs, all.theirs];
  const isTold = told.length > 0 && list(told) !== list(whole);
  if (isBroken)
    return { isTold, problems: found.theirs[0]?.startsWith('refused with 500') ? [] : [`${field} work by now`] };
  return { isTold, problems: disagreement(`${criterion} ${JSON.stringify(value)}`, found) };
}

async function problemsOfOperator({ operation, field }: Asked, criterion: string): Promise<string[]> {
  const beside = operators[criterion] ?? idleOperators[criterion] ?? {};
  const ask = (value: string) => find(operation, { [field]: merged(beside, filterOf(criterion, value)) });
  const [and, or] = [await ask('and_'), await ask('or_')];
  const isTold = list(and.theirs) !== list(or.theirs) || criterion in idleOperators;
  return [
    ...disagreement(`${criterion} and_`, and),
    ...disagreement(`${criterion} or_`, or),
    ...(isTold ? [] : [`${criterion}: and_ and or_ find the same`]),
  ];
}

async function problemsOf(one: Asked, criterion: string): Promise<string[]> {
  if (criterion in operators || criterion in idleOperators) return await problemsOfOperator(one, criterion);
  const meant = broken[criterion];
  if (meant !== undefined) {
    const { ours } = await find(one.operation, { [one.field]: filterOf(criterion, meant.value) });
    return disagreement(criterion, { theirs: meant.found, ours });
  }
  const problems: string[] = [];
  for (const value of values[criterion] ?? blunt[criterion] ?? []) {
    const judged = await judgeValue(one, criterion, value);
    problems.push(...judged.problems);
    if (!judged.isTold && !(criterion in blunt))
      problems.push(`${criterion} ${JSON.stringify(value)}: tells nothing apart`);
  }
  return problems;
}

/** Up to the first value that tells things apart. */
async function problemsOfAny(one: Asked): Promise<readonly string[]> {
  for (const criterion of criteriaOf(one.filter)) {
    for (const value of values[criterion] ?? []) {
      const { isTold, problems } = await judgeValue(one, criterion, value);
      if (isTold || problems.length > 0) return problems;
    }
  }
  return ['no criterion tells anything apart'];
}

describe('the criteria of Prefect’s filters', () => {
  it('have a value here each, and no value is left over', () => {
    const wanted = asked
      .flatMap(({ filter }) => criteriaOf(filter))
      .filter((criterion) => criterion !== 'EventFilter.order');
    const here = [values, blunt, broken, operators, idleOperators].flatMap((table) => Object.keys(table));

    expect(here.toSorted()).toEqual([...new Set(wanted)].sort());
  });

  it('belong to operations that are asked, or that say what they do instead', () => {
    const known = allAsked.map(({ operation }) => operation);

    expect(Object.keys(others).filter((operation) => !known.includes(operation))).toEqual([]);
    expect([...new Set(asked.filter(isThorough).map(({ filter }) => filter))].sort()).toEqual(
      Object.keys(thorough).sort(),
    );
  });

  it.each(asked.filter(isThorough))('each find the same, and not all, by $field of $operation', async (one) => {
    const problems = [];
    for (const criterion of criteriaOf(one.filter)) {
      if (criterion !== 'EventFilter.order') problems.push(...(await problemsOf(one, criterion)));
    }

    expect(problems.join('\n')).toBe('');
  });

  it.each(asked.filter((one) => !isThorough(one)))(
    'find the same, and not all, by $field of $operation',
    async (one) => {
      expect((await problemsOfAny(one)).join('\n')).toBe('');
    },
  );
});

/** Things that have what is sorted by, and that in values that differ. */
const sortable: Readonly<Record<string, RegExp>> = {
  END_TIME_DESC: /run-[cd]|task-[bdf]/,
  KEY_ASC: /artifact-[^1]/,
  KEY_DESC: /artifact-[^1]/,
  NEXT_SCHEDULED_START_TIME_ASC: /run-(?:late|planned|a)|task-[ce]/,
};

async function inOrder(operation: string, sort: string): Promise<Found> {
  const found = await find(operation, { sort });
  const kept = (names: readonly string[]) => names.filter((name) => sortable[sort]?.test(name) ?? true);
  return { theirs: kept(found.theirs), ours: kept(found.ours) };
}

/** Ids tell nothing on Prefect's server; of ours, how old things are or when they are expected to start. */
async function byAge(operation: string): Promise<readonly string[]> {
  if (operation.includes('task_runs')) return taskRunsInOrder.toReversed();
  const sort = operation.includes('artifacts') ? 'CREATED_DESC' : 'EXPECTED_START_TIME_DESC';
  return (await find(operation, { sort })).ours;
}

const sorted = [...new Set(allSorted.map(({ operation }) => operation))];

describe('the orders of Prefect’s lists', () => {
  it.each(allSorted.filter(({ sort }) => sort !== 'ID_DESC'))('are the same by $sort of $operation', async (one) => {
    const { theirs, ours } = await inOrder(one.operation, one.sort);

    expect(theirs.length).toBeGreaterThan(1);
    expect(ours).toEqual(theirs);
  });

  it.each(sorted)('are all different in %s', async (operation) => {
    const sorts = allSorted.filter((one) => one.operation === operation && one.sort !== 'ID_DESC');
    const orders = [];
    for (const { sort } of sorts) orders.push((await inOrder(operation, sort)).ours.join(', '));

    expect(new Set(orders).size, orders.join('\n')).toBe(sorts.length);
  });

  it.each(allSorted.filter(({ sort }) => sort === 'ID_DESC'))('are by age for ids in $operation', async (one) => {
    const { theirs, ours } = await find(one.operation, { sort: one.sort });

    expect(list(ours)).toBe(list(theirs));
    expect(ours).toEqual(await byAge(one.operation));
  });

  it('go both ways through events', async () => {
    const [up, down] = [
      await find('POST /events/filter', { filter: { order: 'ASC' } }),
      await find('POST /events/filter', { filter: { order: 'DESC' } }),
    ];

    expect(up.ours).toEqual(up.theirs);
    expect(down.ours).toEqual(down.theirs);
    expect(up.ours).toEqual(down.ours.toReversed());
  });
});
