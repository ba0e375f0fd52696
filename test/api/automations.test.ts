// Automations over HTTP, with Prefect's defaults, refusals and events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let prepared: Prepared;
let blocks: Record<'webhook' | 'mattermost-webhook' | 'secret', string>;
beforeAll(async () => {
  api = await startApi();
  prepared = await prepare(api);
  blocks = {
    webhook: await saveBlock('webhook', { url: 'http://127.0.0.1/', method: 'POST', headers: {} }),
    'mattermost-webhook': await saveBlock('mattermost-webhook', { hostname: 'chat', token: 't' }),
    secret: await saveBlock('secret', { value: 's' }),
  };
});
afterAll(() => api.close());

async function saveBlock(slug: string, data: object): Promise<string> {
  const type = (await api.call('GET', `/api/block_types/slug/${slug}`)).body;
  const schemas = (
    await api.call('POST', '/api/block_schemas/filter', {
      body: { block_schemas: { block_type_id: { any_: [type.id] } } },
    })
  ).body;
  const body = { name: `my-${slug}`, data, block_type_id: type.id, block_schema_id: schemas[0].id };
  return (await api.call('POST', '/api/block_documents/', { body })).body.id;
}

const trigger = { posture: 'Reactive', expect: ['it.happened'] };
const base = { name: 'mine', trigger, actions: [{ type: 'do-nothing' }] };
const create = (over: object = {}) => api.call('POST', '/api/automations/', { body: { ...base, ...over } });
const eventTrigger = {
  type: 'event',
  id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  match: {},
  match_related: {},
  after: [],
  expect: ['it.happened'],
  for_each: [],
  posture: 'Reactive',
  threshold: 1,
  within: 0,
};

describe('an automation that is created', () => {
  it('has the defaults of Prefect and can be read', async () => {
    const { status, body } = await create();

    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      created: expect.any(String),
      updated: expect.any(String),
      name: 'mine',
      description: '',
      enabled: true,
      tags: [],
      trigger: eventTrigger,
      actions: [{ type: 'do-nothing' }],
      actions_on_trigger: [],
      actions_on_resolve: [],
    });
    expect((await api.call('GET', `/api/automations/${body.id}`)).body).toEqual(body);
    expect(api.sentEvents.at(-1)).toMatchObject({ event: 'prefect.automation.created', payload: { id: body.id } });
  });

  it('gets ids of its own for its triggers', async () => {
    const { body } = await create({ trigger: { ...trigger, id: nobody } });

    expect(body.trigger.id).not.toBe(nobody);
  });

  it.each([
    [
      'an event trigger with everything',
      {
        ...trigger,
        match: { a: ['b', 'c'] },
        match_related: [{ a: 'b' }],
        after: ['x'],
        for_each: ['l'],
        threshold: 3,
        within: 'PT1M',
      },
      { within: 60, threshold: 3, after: ['x'] },
    ],
    [
      'a proactive trigger without a time',
      { posture: 'Proactive', expect: ['x'] },
      { within: 10, posture: 'Proactive' },
    ],
    [
      'a compound trigger',
      { type: 'compound', triggers: [trigger, trigger], within: 60, require: 'all' },
      { type: 'compound', require: 'all', within: 60 },
    ],
    ['a sequence without its type', { triggers: [trigger, trigger], within: null }, { type: 'sequence', within: null }],
    [
      'a metric trigger',
      { type: 'metric', metric: { name: 'duration', threshold: 60, operator: '>' } },
      {
        type: 'metric',
        posture: 'Metric',
        metric: { name: 'duration', threshold: 60, operator: '>', range: 300, firing_for: 300 },
      },
    ],
  ])('may have %s', async (_what, sent, wanted) => {
    const { status, body } = await create({ trigger: sent });

    expect(status).toBe(201);
    expect(body.trigger).toMatchObject(wanted);
  });

  it('may have every action, with and without its type', async () => {
    const sent = [
      {
        type: 'run-deployment',
        deployment_id: prepared.deploymentId,
        parameters: { x: '{{ event.id }}' },
        schedule_after: 5,
      },
      { source: 'inferred' },
      { type: 'pause-work-pool', source: 'inferred' },
      { type: 'resume-work-queue', work_queue_id: nobody },
      { type: 'pause-automation', automation_id: nobody },
      { type: 'suspend-flow-run' },
      { state: 'FAILED' },
      { type: 'send-notification', block_document_id: blocks['mattermost-webhook'], body: 'run {{ flow_run.name }}' },
      { type: 'call-webhook', block_document_id: blocks.webhook, payload: { message: 'a' } },
      {},
    ];

    const { status, body } = await create({ actions: sent });

    expect(status).toBe(201);
    expect(body.actions).toEqual([
      {
        type: 'run-deployment',
        source: 'selected',
        deployment_id: prepared.deploymentId,
        parameters: { x: '{{ event.id }}' },
        job_variables: null,
        schedule_after: 5,
      },
      {
        type: 'run-deployment',
        source: 'inferred',
        deployment_id: null,
        parameters: null,
        job_variables: null,
        schedule_after: 0,
      },
      { type: 'pause-work-pool', source: 'inferred', work_pool_id: null },
      { type: 'resume-work-queue', source: 'selected', work_queue_id: nobody },
      { type: 'pause-automation', source: 'selected', automation_id: nobody },
      { type: 'suspend-flow-run' },
      { type: 'change-flow-run-state', name: null, state: 'FAILED', message: null, force: false },
      {
        type: 'send-notification',
        block_document_id: blocks['mattermost-webhook'],
        subject: 'Prefect automated notification',
        body: 'run {{ flow_run.name }}',
      },
      { type: 'call-webhook', block_document_id: blocks.webhook, payload: '{\n  "message": "a"\n}' },
      { type: 'do-nothing' },
    ]);
  });
});

describe('an automation that is refused', () => {
  const notify = (over: object) => ({
    actions: [{ type: 'send-notification', block_document_id: nobody, body: 'x', ...over }],
  });

  it.each([
    ['without anything', { name: undefined, trigger: undefined, actions: undefined }, 'Field required'],
    ['with a field of nobody’s', { colour: 1 }, 'Extra inputs are not permitted'],
    ['with an incident', { actions: [{ type: 'declare-incident' }] }, 'belongs to Prefect Cloud'],
    ['with an unknown action', { actions: [{ type: 'sing' }] }, 'Input should be one of'],
    ['with a deployment that is not named', { actions: [{ type: 'run-deployment' }] }, 'deployment_id is required'],
    [
      'with an inferred deployment that is named',
      { actions: [{ type: 'pause-deployment', source: 'inferred', deployment_id: nobody }] },
      'deployment_id is not allowed',
    ],
    [
      'with a template that cannot be read',
      { actions: [{ type: 'run-deployment', source: 'inferred', parameters: { a: '{{ x ' } }] },
      'Invalid jinja: unexpected end of template',
    ],
    ['with a notification that cannot be read', notify({ body: '{% for %}' }), "'body' is not a valid template"],
    ['with a notification to nowhere', notify({}), 'there is no block document'],
    ['with too little time', { trigger: { posture: 'Proactive', within: 5 } }, 'greater than or equal to 10 seconds'],
    ['with no time at all', { trigger: { ...trigger, within: null } }, 'Input should be a valid number'],
    ['with time before now', { trigger: { ...trigger, within: -1 } }, 'greater than or equal to 0'],
    [
      'with more required than there are',
      { trigger: { type: 'compound', triggers: [trigger], within: 1, require: 2 } },
      'less than or equal to the number of triggers',
    ],
    [
      'with nothing required',
      { trigger: { type: 'compound', triggers: [trigger], within: 1, require: 0 } },
      'require must be at least 1',
    ],
    [
      'with a metric over too short a time',
      { trigger: { type: 'metric', metric: { name: 'duration', threshold: 1, operator: '>', range: 60 } } },
      'minimum range',
    ],
    [
      'that would run its own runs',
      { trigger: { ...trigger, expect: ['prefect.flow-run.*'] }, actions: [{ source: 'inferred' }] },
      'without end',
    ],
  ])('%s says why', async (_what, over, words) => {
    const { status, body } = await create(over);

    expect(status).toBe(422);
    expect(JSON.stringify(body)).toContain(words);
  });

  it('with a block of a type that cannot notify says which can', async () => {
    const { status, body } = await create(notify({ block_document_id: blocks.secret }));

    expect(status).toBe(422);
    expect(body.detail).toMatch(/is of type secret, which cannot be used here: wanted one of slack-webhook/);
  });

  it('with a webhook that is none says what was wanted', async () => {
    const { status, body } = await create({
      actions: [{ type: 'call-webhook', block_document_id: blocks['mattermost-webhook'] }],
    });

    expect(status).toBe(422);
    expect(body.detail).toContain('wanted a block of type webhook');
  });

  it('with job variables for a deployment that is not there answers 404', async () => {
    const action = { type: 'run-deployment', deployment_id: nobody, job_variables: { image: 'x' } };

    expect(await create({ actions: [action] })).toMatchObject({
      status: 404,
      body: { detail: 'Deployment not found.' },
    });
  });
});

describe('an automation that is there', () => {
  it('is replaced, its triggers getting new ids', async () => {
    const { body: before } = await create({ owner_resource: 'prefect.deployment.x' });
    api.clock.now += 1000;

    const { status } = await api.call('PUT', `/api/automations/${before.id}`, {
      body: { ...base, name: 'renamed', tags: ['a'] },
    });

    const { body: after } = await api.call('GET', `/api/automations/${before.id}`);
    expect(status).toBe(204);
    expect(after).toMatchObject({ name: 'renamed', tags: ['a'], created: before.created });
    expect(after.updated > before.updated).toBe(true);
    expect(after.trigger.id).not.toBe(before.trigger.id);
    const related = await api.call('GET', '/api/automations/related-to/prefect.deployment.x');
    expect(related.body.map(({ id }: { id: string }) => id)).toContain(before.id);
  });

  it('keeps what the one in its place leaves out', async () => {
    const { body: before } = await create({ description: 'why', enabled: false, tags: ['a'] });

    await api.call('PUT', `/api/automations/${before.id}`, {
      body: { name: 'renamed', trigger: base.trigger, actions: base.actions },
    });

    const { body: after } = await api.call('GET', `/api/automations/${before.id}`);
    expect(after).toMatchObject({ name: 'renamed', description: 'why', enabled: false, tags: ['a'] });
  });

  it('is switched off and on', async () => {
    const { body } = await create();
    const read = async () => (await api.call('GET', `/api/automations/${body.id}`)).body.enabled;

    const off = await api.call('PATCH', `/api/automations/${body.id}`, { body: { enabled: false } });
    const whileOff = await read();
    await api.call('PATCH', `/api/automations/${body.id}`, { body: {} });
    const still = await read();
    await api.call('PATCH', `/api/automations/${body.id}`, { body: { enabled: true } });

    expect([off.status, whileOff, still, await read()]).toEqual([204, false, false, true]);
  });

  it('is deleted', async () => {
    const { body } = await create();

    const { status } = await api.call('DELETE', `/api/automations/${body.id}`);

    expect(status).toBe(204);
    expect((await api.call('GET', `/api/automations/${body.id}`)).status).toBe(404);
    expect(api.sentEvents.at(-1)?.event).toBe('prefect.automation.deleted');
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('answers %s with 404 when it is not there', async (method) => {
    const body = method === 'PUT' ? base : method === 'PATCH' ? {} : undefined;

    const answer = await api.call(method, `/api/automations/${nobody}`, body === undefined ? {} : { body });

    expect(answer).toMatchObject({ status: 404, body: { exception_message: 'Automation not found' } });
  });

  it('goes with its owner', async () => {
    const { body } = await create({ owner_resource: 'prefect.deployment.mine' });

    const { status, body: answer } = await api.call('DELETE', '/api/automations/owned-by/prefect.deployment.mine');

    expect([status, answer]).toEqual([202, null]);
    expect((await api.call('GET', `/api/automations/${body.id}`)).status).toBe(404);
  });

  it('is related to the deployment that it runs', async () => {
    const { body } = await create({ actions: [{ type: 'run-deployment', deployment_id: prepared.deploymentId }] });

    const related = await api.call('GET', `/api/automations/related-to/prefect.deployment.${prepared.deploymentId}`);

    expect(related.body.map(({ id }: { id: string }) => id)).toContain(body.id);
  });
});

describe('the list of automations', () => {
  it('is filtered, sorted, cut and counted', async () => {
    const tags = ['listed'];
    for (const name of ['b', 'c', 'a']) {
      api.clock.now += 1000;
      await create({ name, tags });
    }
    const automations = { tags: { all_: tags } };
    const list = async (more: object = {}) =>
      (await api.call('POST', '/api/automations/filter', { body: { automations, ...more } })).body.map(
        ({ name }: { name: string }) => name,
      );

    expect(await list()).toEqual(['a', 'b', 'c']);
    expect(await list({ sort: 'NAME_DESC' })).toEqual(['c', 'b', 'a']);
    expect(await list({ sort: 'CREATED_DESC' })).toEqual(['a', 'c', 'b']);
    expect(await list({ limit: 1, offset: 1 })).toEqual(['b']);
    expect(await list({ automations: { ...automations, name: { any_: ['a', 'z'] } } })).toEqual(['a']);
    expect((await api.call('POST', '/api/automations/count', { body: { automations } })).body).toBe(3);
  });

  it.each([
    [{ limit: 1000 }, 'Invalid limit: must be less than or equal to 200.'],
    [{ sort: 'SIZE' }, "Input should be 'CREATED_DESC', 'UPDATED_DESC', 'NAME_ASC' or 'NAME_DESC'"],
    [{ automations: { colour: 1 } }, 'Extra inputs are not permitted'],
  ])('is refused for %j', async (body, words) => {
    const answer = await api.call('POST', '/api/automations/filter', { body });

    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toContain(words);
  });
});
