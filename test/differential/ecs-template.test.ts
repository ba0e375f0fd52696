// Our templates and ECS tasks against prefect-aws's own: the same properties, and the same request for the same
// job variables wherever the design does not say otherwise.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import {
  fieldOf,
  isJsonList,
  isJsonObject,
  listOf,
  objectOf,
  withoutKeys,
} from '../../shared/domain/template/json-value.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';
import { taskOf } from '../support/task-input.ts';
import { type Answer, askPython } from './prefect-oracle.ts';
import { Dice } from './template-cases.ts';

let theirs: Readonly<Record<'ecs' | 'process', JsonObject>> = { ecs: {}, process: {} };

beforeAll(async () => {
  const [answer] = await askPython('prefect-aws', 'ecs.py', [{ ask: 'templates' }]);
  const templates = answer?.ok === true ? answer.answer : {};
  theirs = { ecs: objectOf(templates, 'ecs'), process: objectOf(templates, 'process') };
}, 600_000);

describe('the ecs:push template', () => {
  it('has every property of the ecs template, with the same type and default', () => {
    const ours = objectOf(ecsPushTemplate['variables'], 'properties');
    const named = Object.keys(objectOf(theirs.ecs['variables'], 'properties'));

    const same = Object.fromEntries(named.map((name) => [name, withoutWords(ours[name] ?? null)]));

    expect(named.length).toBeGreaterThan(20);
    expect(same).toEqual(withoutWords(objectOf(theirs.ecs['variables'], 'properties')));
  });

  it('has the definitions that these properties refer to', () => {
    const ours = objectOf(ecsPushTemplate['variables'], 'definitions');

    expect(withoutWords(ours)).toEqual(withoutWords(objectOf(theirs.ecs['variables'], 'definitions')));
  });

  it('puts every property where the ecs template puts it', () => {
    const unused = ['stream_output', 'task_start_timeout_seconds', 'task_watch_poll_interval'];
    const ours = withoutKeys(objectOf(ecsPushTemplate, 'job_configuration'), ['reports']);

    expect(ours).toEqual(withoutKeys(objectOf(theirs.ecs, 'job_configuration'), unused));
  });
});

describe('the process template', () => {
  it('is the one of the process worker, but for its words', () => {
    expect(withoutWords(processTemplate)).toEqual(withoutWords(theirs.process));
  });
});

describe('an ecs template from prefect-aws', () => {
  const cases = Array.from({ length: 120 }, (_, seed) => ecsJobVariables(new Dice(seed)));
  let answers: readonly Answer[] = [];

  beforeAll(async () => {
    const questions = cases.map((values) => ({ ask: 'task', template: theirs.ecs, values }));
    answers = await askPython('prefect-aws', 'ecs.py', questions);
  }, 600_000);

  it('is launched with the request that the ecs worker would send', () => {
    const differences = cases.flatMap((jobVariables, index) => {
      const answer = answers[index];
      const own = taskOf({ template: theirs.ecs, jobVariables });
      const expected = answer?.ok === true ? comparable(objectOf(answer.answer, 'request'), jobVariables) : 'refused';
      const actual = own.ok ? comparable(own.request, jobVariables) : 'refused';
      return JSON.stringify(actual) === JSON.stringify(expected) ? [] : [{ jobVariables, expected, actual }];
    });

    expect(differences.length, JSON.stringify(differences.slice(0, 4))).toBe(0);
    expect(answers.filter(({ ok }) => ok).length).toBeGreaterThan(100);
  });

  it('is registered with the size, roles and image that the ecs worker would register', () => {
    const differences = cases.flatMap((jobVariables, index) => {
      const answer = answers[index];
      const own = taskOf({ template: theirs.ecs, jobVariables });
      if (answer?.ok !== true || !own.ok) return [];
      const expected = comparableDefinition(fieldOf(answer.answer, 'definition'), jobVariables);
      const actual = comparableDefinition(own.definition, jobVariables);
      return JSON.stringify(actual) === JSON.stringify(expected) ? [] : [{ jobVariables, expected, actual }];
    });

    expect(differences.length, JSON.stringify(differences.slice(0, 4))).toBe(0);
  });
});

/** The original sends null for a null variable, which ECS does not take. */
function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

/** Titles and descriptions are our own, everything else is compared. */
function withoutWords(value: Json): Json {
  if (isJsonList(value)) return value.map(withoutWords);
  if (!isJsonObject(value)) return value;
  const isWords = ([key, entry]: [string, Json]) =>
    (key === 'title' || key === 'description') && typeof entry === 'string';
  const kept = Object.entries(value).filter((entry) => !isWords(entry));
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutWords(entry)]));
}

function ecsJobVariables(dice: Dice): JsonObject {
  const some = (share: number, values: JsonObject): JsonObject => (dice.chance(share) ? values : {});
  const network = { subnets: ['subnet-x'], assignPublicIp: 'DISABLED' };
  return {
    ...some(0.5, { image: 'repository/image:1' }),
    ...some(0.5, dice.pick([{ cpu: 512, memory: 2048 }, { cpu: 4096, memory: 8192 }, { memory: 4096 }, { cpu: null }])),
    ...some(0.5, { env: { PLAIN: 'x', NUMBER: '5', REMOVED: null } }),
    ...some(0.3, { 'env.DOTTED': 'y' }),
    ...some(0.4, { command: dice.pick(['python -m "my app" --x=\'a b\' c\\ d', 'echo', 'sh -c "unended']) }),
    ...some(0.4, { labels: { team: 'data & co', 'odd key!': '-x-', 'ünï/code': '1' } }),
    ...some(0.3, { cluster: 'other' }),
    ...some(0.4, { launch_type: dice.pick(['FARGATE', 'FARGATE_SPOT', 'EC2', 'EXTERNAL']) }),
    ...some(0.2, { capacity_provider_strategy: [{ capacityProvider: 'mine', weight: 1, base: 0 }] }),
    ...some(0.3, { task_role_arn: 'arn:aws:iam::1:role/task' }),
    ...some(0.3, { execution_role_arn: 'arn:aws:iam::1:role/execution' }),
    ...some(0.2, { task_definition_arn: 'arn:aws:ecs:eu-west-1:1:task-definition/own:7' }),
    ...some(0.2, { network_configuration: network, vpc_id: 'vpc-1' }),
    ...some(0.2, { prefect_api_key_secret_arn: 'arn:aws:secretsmanager:eu-west-1:1:secret:key' }),
    ...some(0.1, { container_name: 'main' }),
    ...some(0.1, { family: 'mine' }),
  };
}

/** The parts of a request that job variables decide; what is the stack's own default is left out on both sides. */
function comparable(request: JsonObject, jobVariables: JsonObject): JsonObject {
  const overrides = objectOf(request, 'overrides');
  const containers = listOf(overrides, 'containerOverrides').map((container) => ({
    ...sorted(withoutNulls(withoutKeys(isJsonObject(container) ? container : {}, ['environment']))),
    environment: listOf(container, 'environment').filter((entry) => {
      return ['PLAIN', 'NUMBER', 'REMOVED', 'DOTTED'].includes(String(fieldOf(entry, 'name')));
    }),
  }));
  const hasNetwork = fieldOf(jobVariables, 'network_configuration') !== undefined;
  return {
    cluster: fieldOf(jobVariables, 'cluster') === undefined ? null : (request['cluster'] ?? null),
    launchType: request['launchType'] ?? null,
    capacityProviderStrategy: request['capacityProviderStrategy'] ?? null,
    network: hasNetwork ? (request['networkConfiguration'] ?? null) : null,
    overrides: {
      ...sorted(withoutNulls(withoutKeys(overrides, ['containerOverrides']))),
      containers: sortedEntries(containers),
    },
    tags: listOf(request, 'tags').filter((tag) => !String(fieldOf(tag, 'key')).startsWith('prefect.io/')),
  };
}

function comparableDefinition(definition: Json | undefined, jobVariables: JsonObject): JsonObject | null {
  if (!isJsonObject(definition)) return null;
  const [container] = listOf(definition, 'containerDefinitions');
  const isGiven = (name: string) => fieldOf(jobVariables, name) !== undefined;
  return {
    cpu: definition['cpu'] ?? null,
    memory: definition['memory'] ?? null,
    networkMode: definition['networkMode'] ?? null,
    requiresCompatibilities: definition['requiresCompatibilities'] ?? null,
    executionRoleArn: isGiven('execution_role_arn') ? (definition['executionRoleArn'] ?? null) : null,
    image: isGiven('image') ? (fieldOf(container, 'image') ?? null) : null,
    name: fieldOf(container, 'name') ?? null,
    containerCpu: fieldOf(container, 'cpu') ?? null,
    containerMemory: fieldOf(container, 'memory') ?? null,
    secrets: listOf(container, 'secrets').filter((secret) => fieldOf(secret, 'name') === 'PREFECT_API_KEY'),
  };
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function sortedEntries(containers: readonly { readonly environment: readonly Json[] }[]): readonly JsonObject[] {
  return containers.map((container) => {
    const environment = container.environment.toSorted((one, other) => {
      return String(fieldOf(one, 'name')) < String(fieldOf(other, 'name')) ? -1 : 1;
    });
    return { ...container, environment };
  });
}
