// What is said of templates and job variables when a pool, a deployment or a run is saved.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/domain/json.ts';
import { checkBaseJobTemplate, checkJobVariables } from '../../shared/domain/template/job-variable-check.ts';
import { defaultTemplate, workerMetadata } from '../../shared/domain/work-pool/collections.ts';
import { dockerTemplate } from '../../shared/domain/work-pool/template-docker.ts';
import { ecsTemplate } from '../../shared/domain/work-pool/template-ecs.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { kubernetesTemplate } from '../../shared/domain/work-pool/template-kubernetes.ts';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';

describe('what is checked when something is saved', () => {
  const schema = {
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: 'integer' },
      zone: { $ref: '#/$defs/Zone' },
      credentials: { $ref: '#/definitions/Credentials' },
      wrong: { type: 'integer', default: 'text' },
    },
    $defs: { Zone: { enum: ['a', 'b'] } },
    definitions: { Credentials: { title: 'Credentials', block_type_slug: 'c', type: 'object', required: ['key'] } },
  };
  const template = { job_configuration: { x: '{{ size }}' }, variables: schema };
  const check = (jobVariables: JsonObject, required = false) =>
    checkJobVariables({ template, jobVariables, required, defaults: 'passed-over' }).map(({ variable }) => variable);

  it('accepts what fits, block references and null for what is not required included', () => {
    const jobVariables = { size: 1, zone: 'a', credentials: { $ref: { block_document_id: 'x' } }, wrong: null };

    expect(check(jobVariables)).toEqual([]);
  });

  it('names each job variable that does not fit, what it was and what would do', () => {
    const jobVariables = { size: 1.5, zone: 'c', credentials: [] };

    const problems = checkJobVariables({ template, jobVariables, required: false, defaults: 'passed-over' });

    expect(problems).toEqual([
      { variable: 'size', problem: 'must be integer, got 1.5' },
      { variable: 'zone', problem: 'must be one of "a", "b", got "c"' },
      { variable: 'credentials', problem: 'must be object, got a list' },
    ]);
  });

  it('asks for required variables at a run only, and not where a default is wrong', () => {
    const sound = { ...template, variables: { ...schema, properties: { size: { type: 'integer' } } } };

    const missing = checkJobVariables({ template: sound, jobVariables: {}, required: true, defaults: 'passed-over' });

    expect(missing).toEqual([{ variable: 'size', problem: 'must be given, got nothing' }]);
    expect(check({}, false)).toEqual([]);
    expect(check({}, true)).toEqual([]);
  });

  it('finds the wrong default of a pool', () => {
    const problems = checkJobVariables({ template, jobVariables: {}, required: false, defaults: 'checked' });

    expect(problems).toEqual([{ variable: 'wrong', problem: 'must be integer or must be null, got text' }]);
  });

  it.each<[JsonObject, JsonObject, string]>([
    [
      { pair: { type: 'array', items: [{ type: 'string' }] } },
      { pair: [1] },
      'properties/pair/items must be object,boolean',
    ],
    [
      { map: { type: 'object', properties: { a: { type: 'string' } } } },
      { map: { a: {} } },
      'must be string or must be null, got an object',
    ],
    [{ a: { not: {} } }, { a: null }, 'must NOT be valid, got null'],
    [{ a: { oneOf: [{}, {}] } }, { a: [] }, 'must match exactly one schema in oneOf, got a list'],
    [{ a: true }, {}, 'the variable a must be described by a JSON schema, got a boolean'],
    [{ a: { $ref: '#/nowhere' } }, {}, "can't resolve reference #/nowhere from id #"],
    [{ a: { $ref: '#/properties/a' } }, { a: 1 }, 'Maximum call stack size exceeded'],
  ])('with the properties %j and the values %j says so', (properties, jobVariables, problem) => {
    const own = { job_configuration: {}, variables: { properties } };

    const problems = checkJobVariables({ template: own, jobVariables, required: true, defaults: 'passed-over' });

    expect(problems).toEqual([expect.objectContaining({ problem: expect.stringContaining(problem) })]);
  });

  it('has nothing to say of a template without a schema', () => {
    expect(checkJobVariables({ template: {}, jobVariables: { a: 1 }, required: true, defaults: 'checked' })).toEqual(
      [],
    );
  });

  it('says that the values as a whole do not fit', () => {
    const own = { variables: { maxProperties: 1 } };

    const problems = checkJobVariables({
      template: own,
      jobVariables: { a: 1, b: 2 },
      required: false,
      defaults: 'checked',
    });

    expect(problems).toEqual([
      { variable: 'job_variables', problem: 'must NOT have more than 1 properties, got an object' },
    ]);
  });

  it('gives the template of a type, and none for types that it does not offer', () => {
    expect(defaultTemplate('ecs:push')).toBe(ecsPushTemplate);
    expect(defaultTemplate('kubernetes')).toBe(kubernetesTemplate);
    expect(defaultTemplate('cloud-run')).toBeUndefined();
  });

  it('says that a schema is none', () => {
    const broken = { ...template, variables: { properties: { a: { type: 'nonsense' } } } };

    const [problem] = checkJobVariables({ template: broken, jobVariables: {}, required: false, defaults: 'checked' });

    expect(problem?.problem).toContain('the variables schema is not a usable JSON schema');
  });

  it('finds placeholders that the schema does not declare', () => {
    const problems = checkBaseJobTemplate({ job_configuration: { a: ['{{ size }} {{ other }}'] }, variables: schema });

    expect(problems.map(({ variable }) => variable)).toEqual(['other']);
    expect(checkBaseJobTemplate({})).toEqual([]);
    expect(checkBaseJobTemplate({ job_configuration: { a: 1 } })).toHaveLength(1);
  });

  it.each([
    ['ecs:push', ecsPushTemplate],
    ['process', processTemplate],
    ['ecs', ecsTemplate],
    ['docker', dockerTemplate],
    ['kubernetes', kubernetesTemplate],
  ])('accepts the %s template that pools get, without and with null job variables', (_type, own) => {
    const jobVariables = { name: null, command: null };

    expect(checkBaseJobTemplate(own)).toEqual([]);
    expect(checkJobVariables({ template: own, jobVariables: {}, required: true, defaults: 'checked' })).toEqual([]);
    expect(checkJobVariables({ template: own, jobVariables, required: true, defaults: 'passed-over' })).toEqual([]);
  });

  it('offers exactly five types, each with its template', () => {
    const offered = Object.values(workerMetadata).flatMap((types) => Object.entries(types ?? {}));

    expect(Object.fromEntries(offered)).toMatchObject({
      'ecs:push': { type: 'ecs:push', default_base_job_configuration: ecsPushTemplate },
      ecs: { type: 'ecs', default_base_job_configuration: ecsTemplate },
      docker: { type: 'docker', default_base_job_configuration: dockerTemplate },
      kubernetes: { type: 'kubernetes', default_base_job_configuration: kubernetesTemplate },
      process: { type: 'process', default_base_job_configuration: processTemplate },
    });
    expect(offered).toHaveLength(5);
  });
});
