// Our templates of hybrid pools against the workers' own: the same variables, and the same job configuration from the
// worker's own class for the same job variables.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { fieldOf, isJsonList, isJsonObject, objectOf } from '../../shared/domain/template/json-value.ts';
import { defaultTemplate } from '../../shared/domain/work-pool/collections.ts';
import { type Answer, askPython } from './prefect-oracle.ts';

const types = ['process', 'ecs', 'docker', 'kubernetes'] as const;
type Type = (typeof types)[number];

/** Job variables that touch each kind of field; what a type does not know is no variable of its template. */
const valueSets: Readonly<Record<Type, readonly JsonObject[]>> = {
  process: [{}, { working_dir: '/somewhere', stream_output: false, env: { A: '1', B: null } }],
  ecs: [
    {},
    { image: 'i:1', cpu: 512, memory: 1024, launch_type: 'FARGATE_SPOT', labels: { a: 'b' }, command: 'echo hi' },
    { task_definition_arn: 'arn:aws:ecs:us-east-1:1:task-definition/own:1', cluster: 'c', env: { A: '1' } },
    { cpu: 'many' },
  ],
  docker: [
    {},
    { image: 'i:1', networks: ['n'], volumes: ['/a:/b'], mem_limit: '1g', memswap_limit: '2g', privileged: true },
    { image_pull_policy: 'Never', network_mode: 'host', auto_remove: true, container_create_kwargs: { cpus: 2 } },
    { registry_credentials: { username: 'u', password: 'p', registry_url: 'r' } },
    { volumes: ['nonsense'] },
    { image_pull_policy: 'Sometimes' },
  ],
  kubernetes: [
    {},
    {
      image: 'i:1',
      namespace: 'n',
      cpu_request: '500m',
      memory_limit: '1Gi',
      backoff_limit: 2,
      annotations: { a: 'b' },
    },
    {
      finished_job_ttl: 60,
      service_account_name: 's',
      command: 'echo hi',
      env: { A: '1' },
      labels: { 'team/x': 'y z' },
    },
    { cluster_config: { config: { contexts: [] }, context_name: 'c' } },
    { pod_watch_timeout_seconds: 'long' },
  ],
};

let theirs: JsonObject = {};
/** What the worker's class makes of our template and of the worker's own, in the order of the values. */
const configured = new Map<string, { readonly own: readonly Answer[]; readonly original: readonly Answer[] }>();

beforeAll(async () => {
  const ask = (questions: readonly Json[]) => askPython('prefect-workers', 'worker_templates.py', questions);
  const [answer] = await ask([{ ask: 'templates' }]);
  theirs = answer?.ok === true && isJsonObject(answer.answer) ? answer.answer : {};
  const cases = types.flatMap((type) =>
    [defaultTemplate(type) ?? {}, objectOf(theirs, type)].map((template) => ({ type, template })),
  );
  const questions = cases.map(({ type, template }) =>
    valueSets[type].map((values) => ({ ask: 'configure', type, template, values })),
  );
  const answers = await ask(questions.flat());
  for (const type of types) {
    const count = valueSets[type].length;
    configured.set(type, { own: answers.splice(0, count), original: answers.splice(0, count) });
  }
}, 600_000);

describe.each(types)('the template of %s', (type) => {
  it("is the worker's own, but for its words", () => {
    const own = defaultTemplate(type) ?? {};

    expect(Object.keys(objectOf(objectOf(theirs, type), 'variables'))).not.toHaveLength(0);
    expect(withoutWords(own)).toEqual(withoutWords(objectOf(theirs, type)));
  });

  it('says in words of its own what each variable is', () => {
    const own = objectOf(objectOf(defaultTemplate(type), 'variables'), 'properties');
    const other = objectOf(objectOf(objectOf(theirs, type), 'variables'), 'properties');
    const wordsOf = (properties: JsonObject, name: string) => fieldOf(properties[name], 'description');

    const silent = Object.keys(own).filter((name) => wordsOf(own, name) === undefined);
    const copied = Object.keys(own).filter((name) => wordsOf(own, name) === wordsOf(other, name));

    expect(silent).toEqual([]);
    expect(copied).toEqual([]);
  });

  it("gives the worker's job configuration class what the worker's own template gives it", () => {
    const { own = [], original = [] } = configured.get(type) ?? {};

    expect(own.map(comparable)).toEqual(original.map(comparable));
    expect(own[0]?.ok, JSON.stringify(own[0])).toBe(true);
    expect(own.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(2);
  });
});

/** Refusals are compared by their kind: their texts name our words or theirs. */
function comparable(answer: Answer): Json {
  return answer.ok ? answer.answer : (answer.problem.split(':')[0] ?? '');
}

/** Titles, descriptions and examples are our own, everything else is compared. */
function withoutWords(value: Json): Json {
  if (isJsonList(value)) return value.map(withoutWords);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key, entry]) => {
    const isText = (key === 'title' || key === 'description') && typeof entry === 'string';
    return !isText && !(key === 'examples' && isJsonList(entry));
  });
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutWords(entry)]));
}
