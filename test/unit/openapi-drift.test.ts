import { describe, expect, it } from 'vitest';
import { openapiDocument, operations } from '../../scripts/openapi/document.ts';
import { driftOf, type PrefectOperation } from '../../scripts/openapi/drift.ts';

const model: PrefectOperation = {
  method: 'POST',
  path: '/things/',
  name: 'create_thing',
  request: { fields: ['name', 'size'], required: ['name'] },
  response: { fields: ['id', 'name'], required: ['id'] },
};
const ours = {
  method: 'POST',
  path: '/things/',
  resource: 'things',
  name: 'create_thing',
  request: ['name', 'size'],
  response: ['id', 'name', 'extra'],
};

describe('the comparison with Prefect’s contract', () => {
  it('has nothing to say of an operation that answers more than Prefect’s', () => {
    expect(driftOf([ours], [model])).toEqual([]);
  });

  it.each([
    ['a route that Prefect lacks', { path: '/stuff/' }, 'POST /stuff/: Prefect has no such route'],
    ['another method', { method: 'PUT' }, 'PUT /things/: Prefect has no such route'],
    ['another name', { name: 'make_thing' }, 'POST /things/: is called make_thing, Prefect calls it create_thing'],
    [
      'a request field too many',
      { request: ['name', 'size', 'hue'] },
      'POST /things/: request has hue, which Prefect does not know',
    ],
    ['a request field too few', { request: ['name'] }, 'POST /things/: request does not know size'],
    ['a response field too few', { response: ['id'] }, 'POST /things/: response lacks name'],
  ])('names %s', (_what, change, sentence) => {
    expect(driftOf([{ ...ours, ...change }], [model])).toEqual([sentence]);
  });

  it('lets routes of our own be', () => {
    expect(driftOf([{ ...ours, path: '/slipway/doctor' }], [model])).toEqual([]);
  });

  it('looks at the fields of what clients send and read most', () => {
    const byName = new Map(operations().map((operation) => [operation.name, operation]));

    expect(byName.get('create_flow_run_from_deployment')?.request).toContain('idempotency_key');
    expect(byName.get('create_deployment')?.request).toContain('pull_steps');
    expect(byName.get('read_flow_runs')?.response).toContain('state_type');
    expect(byName.get('paginate_deployments')?.response).toEqual(['count', 'limit', 'page', 'pages', 'results']);
  });
});

describe('the document', () => {
  it('names components as Prefect does and has no operation twice', () => {
    const document = openapiDocument();

    const ids = Object.values(document.paths ?? {}).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(operations().length);
    expect(Object.keys(document.components?.schemas ?? {})).toEqual(
      expect.arrayContaining([
        'FlowRunResponse',
        'DeploymentResponse',
        'WorkPoolCreate',
        'StateCreate',
        'FlowRunFilter',
      ]),
    );
  });
});
