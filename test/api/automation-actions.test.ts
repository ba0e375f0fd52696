// Every action of an automation, done by the real use cases on the real stores, and done twice without harm.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpSender } from '../../shared/adapters/http/outgoing-http.ts';
import type { Action } from '../../shared/domain/automation/automation.ts';
import { triggeredActions } from '../../shared/domain/automation/automation-events.ts';
import type { Email, TopicMessage } from '../../shared/domain/automation/delivery.ts';
import type { Firing } from '../../shared/domain/automation/firing.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import type { Outcome } from '../../shared/use-cases/action-outcome.ts';
import { type PerformDeps, performAction } from '../../shared/use-cases/perform-action.ts';
import { anAutomation, anEvent } from '../support/automations/builders.ts';
import { startWebhookServer, type WebhookServer } from '../support/webhook-server.ts';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let prepared: Prepared;
let receiver: WebhookServer;
let deps: PerformDeps;
const mails: Email[] = [];
const messages: TopicMessage[] = [];

beforeAll(async () => {
  api = await startApi();
  prepared = await prepare(api);
  receiver = await startWebhookServer();
  const taken = { kind: 'answered', status: 200, headers: {}, body: '' } as const;
  deps = {
    ...api.deps,
    automations: api.deps.useCases.automations,
    planRuns: api.deps.useCases.planRuns,
    lanes: api.lanes,
    hints: { submit: async () => {}, observe: async () => {} },
    telemetry: createTelemetry(() => undefined),
    uiUrl: 'https://ui.example.com',
    outgoing: {
      http: createHttpSender({ allowsMachine: true }),
      email: async (email) => {
        mails.push(email);
        return taken;
      },
      publish: async (message) => {
        messages.push(message);
        return taken;
      },
    },
  };
});
beforeEach(() => {
  receiver.calls.length = 0;
  receiver.statuses.length = 0;
});
afterAll(async () => {
  await receiver.close();
  await api.close();
});

type Asked = {
  readonly event?: PrefectEvent;
  readonly labels?: Record<string, string>;
  readonly id?: string;
  readonly sent?: readonly number[];
};

function perform(action: Action, { event, labels = {}, id = randomUUID(), sent = [] }: Asked = {}): Promise<Outcome> {
  const automation = anAutomation({ id: nobody, name: 'the automation', actions: [action] });
  const firing: Firing = {
    id,
    triggerId: automation.trigger.id,
    states: ['Triggered'],
    triggered: start,
    at: start,
    labels,
    firings: [],
    chain: [],
  };
  const [triggered] = triggeredActions(automation, firing, api.deps.world.sha256);
  if (triggered === undefined) throw new Error('the automation has no action');
  return performAction(deps, { automation, firing, triggered, action, event, events: new Map(), sent });
}

const about = (kind: string, id: string) => anEvent({ resource: { 'prefect.resource.id': `prefect.${kind}.${id}` } });
const selected = (id: string) => ({ kind: 'selected', id }) as const;
const inferred = { kind: 'inferred' } as const;
const failure = (reason: string | RegExp) => ({
  kind: 'done',
  result: { isSuccess: false, reason: typeof reason === 'string' ? reason : expect.stringMatching(reason) },
});
const success = { kind: 'done', result: { isSuccess: true } };

describe('run-deployment', () => {
  const run = (over: object = {}): Action => ({
    type: 'run-deployment',
    target: selected(prepared.deploymentId),
    parameters: null,
    jobVariables: null,
    scheduleAfterSeconds: 0,
    ...over,
  });

  it('makes one run however often it is done, with filled-in parameters', async () => {
    await api.call('POST', '/api/variables/', { body: { name: 'seven', value: 7 } });
    const parameters = {
      x: { __prefect_kind: 'workspace_variable', variable_name: 'seven' },
      who: '{{ event.resource.id }}',
      n: '{{ [1, 2] }}',
      text: 'by {{ automation.name }}',
    };
    const id = randomUUID();
    const asked = { event: anEvent(), id };

    const first = await perform(run({ parameters, scheduleAfterSeconds: 60 }), asked);
    const second = await perform(run({ parameters, scheduleAfterSeconds: 60 }), asked);

    expect([first, second]).toMatchObject([
      { ...success, result: { details: { status_code: 201 } } },
      { ...success, result: { details: { status_code: 200 } } },
    ]);
    const made = first.result.resources.find((resource) => resource['prefect.resource.role'] === 'flow-run');
    expect(second.result.resources).toContainEqual(made);
    const { body } = await api.call('GET', `/api/flow_runs/${made?.['prefect.resource.id']?.split('.').at(-1)}`);
    expect(body).toMatchObject({
      parameters: { x: 7, who: 'thing.1', n: [1, 2], text: 'by the automation' },
      expected_start_time: '2026-11-23T12:01:00.000Z',
      created_by: { id: nobody, type: 'AUTOMATION', display_value: 'the automation' },
    });
  });

  it('takes the deployment from the event', async () => {
    expect(
      await perform(run({ target: inferred }), { event: about('deployment', prepared.deploymentId) }),
    ).toMatchObject(success);
  });

  it.each<[string, object, PrefectEvent | undefined, string | RegExp]>([
    ['there is no event', { target: inferred }, undefined, 'No event to infer the deployment'],
    ['the event is about none', { target: inferred }, anEvent(), 'No deployment could be inferred'],
    [
      'the deployment is gone',
      { target: selected(nobody) },
      undefined,
      "Unexpected status from 'run-deployment' action: 404",
    ],
    [
      'its parameters do not fit',
      { parameters: { x: 'no number' } },
      undefined,
      /^Validation error occurred for 'run-deployment'/,
    ],
    [
      'a variable is gone',
      { parameters: { x: { __prefect_kind: 'workspace_variable', variable_name: 'gone' } } },
      undefined,
      /Variable 'gone' not found/,
    ],
    ['a template fails', { parameters: { x: '{{ 1 / 0 }}' } }, undefined, /Invalid jinja/],
  ])('fails when %s', async (_why, over, event, reason) => {
    expect(await perform(run(over), event === undefined ? {} : { event })).toMatchObject(failure(reason));
  });
});

describe('switches', () => {
  it('pause and resume a deployment', async () => {
    const read = async () => (await api.call('GET', `/api/deployments/${prepared.deploymentId}`)).body.paused;

    const paused = await perform({ type: 'pause-deployment', target: selected(prepared.deploymentId) });
    const between = await read();
    await perform(
      { type: 'resume-deployment', target: inferred },
      { event: about('deployment', prepared.deploymentId) },
    );

    expect(paused).toMatchObject({
      ...success,
      result: {
        resources: [
          { 'prefect.resource.id': `prefect.deployment.${prepared.deploymentId}`, 'prefect.resource.role': 'target' },
        ],
      },
    });
    expect([between, await read()]).toEqual([true, false]);
  });

  it('pause and resume a work pool and a queue', async () => {
    const pool = async () => (await api.call('GET', '/api/work_pools/process')).body;
    const queue = async () => (await api.call('GET', '/api/work_pools/process/queues/default')).body;
    const [{ id: poolId }, { id: queueId }] = [await pool(), await queue()];

    await perform({ type: 'pause-work-pool', target: selected(poolId) });
    await perform({ type: 'pause-work-queue', target: inferred }, { event: about('work-queue', queueId) });
    const between = [(await pool()).is_paused, (await queue()).is_paused];
    await perform({ type: 'resume-work-pool', target: inferred }, { event: about('work-pool', poolId) });
    await perform({ type: 'resume-work-queue', target: selected(queueId) });

    expect(between).toEqual([true, true]);
    expect([(await pool()).is_paused, (await queue()).is_paused]).toEqual([false, false]);
  });

  it('pause and resume an automation, and tell of it', async () => {
    const body = { name: 'switched', trigger: { posture: 'Reactive', expect: ['x'] }, actions: [] };
    const { id } = (await api.call('POST', '/api/automations/', { body })).body;
    const read = async () => (await api.call('GET', `/api/automations/${id}`)).body.enabled;

    await perform({ type: 'pause-automation', target: selected(id) });
    const between = await read();
    await perform({ type: 'resume-automation', target: inferred }, { event: about('automation', id) });

    expect([between, await read()]).toEqual([false, true]);
    expect(api.sentEvents.at(-1)?.event).toBe('prefect.automation.updated');
  });

  it.each<[Action, string]>([
    [{ type: 'pause-deployment', target: selected(nobody) }, "Unexpected status from 'pause-deployment' action: 404"],
    [{ type: 'resume-work-pool', target: selected(nobody) }, `Work pool ${nobody} not found`],
    [{ type: 'pause-work-queue', target: selected(nobody) }, "Unexpected status from 'pause-work-queue' action: 404"],
    [{ type: 'pause-automation', target: selected(nobody) }, "Unexpected status from 'pause-automation' action: 404"],
    [{ type: 'pause-work-pool', target: inferred }, 'No event to infer the work pool'],
    [{ type: 'pause-work-queue', target: inferred }, 'No event to infer the work queue'],
    [{ type: 'resume-automation', target: inferred }, 'No event to infer the automation'],
  ])('%j fail when there is nothing to switch', async (action, reason) => {
    expect(await perform(action)).toMatchObject(failure(reason));
  });
});

describe('actions on a run', () => {
  const running = async () => {
    const { body } = await prepared.record({
      deployment_id: prepared.deploymentId,
      state: { type: 'RUNNING', name: 'Running' },
    });
    return body.id as string;
  };
  const state = async (id: string) => (await prepared.read(id)).state;

  it('suspend it and resume it', async () => {
    const id = await running();
    const event = about('flow-run', id);

    const suspended = await perform({ type: 'suspend-flow-run' }, { event });
    const between = await state(id);
    const resumed = await perform({ type: 'resume-flow-run' }, { event });

    expect([suspended, resumed]).toMatchObject([success, success]);
    expect(between).toMatchObject({
      type: 'PAUSED',
      name: 'Suspended',
      message: `Suspended by Automation ${nobody}`,
      state_details: { pause_reschedule: true },
    });
    expect((await state(id)).name).toBe('Resuming');
  });

  it('cancel it, found by the labels of the trigger', async () => {
    const id = await running();

    const answer = await perform(
      { type: 'cancel-flow-run' },
      { labels: { 'prefect.resource.id': `prefect.flow-run.${id}` } },
    );

    expect(answer).toMatchObject(success);
    expect(await state(id)).toMatchObject({ type: 'CANCELLING', message: `Cancelled by Automation ${nobody}` });
  });

  it('change its state, once for an action that is done twice', async () => {
    const id = await running();
    const asked = { event: about('flow-run', id), id: randomUUID() };
    const action: Action = {
      type: 'change-flow-run-state',
      state: 'FAILED',
      name: 'Given up',
      message: null,
      force: true,
    };

    await perform(action, asked);
    const first = await state(id);
    await perform(action, asked);

    expect(first).toMatchObject({ type: 'FAILED', name: 'Given up', message: `State changed by Automation ${nobody}` });
    expect((await state(id)).id).toBe(first.id);
  });

  it('delete it', async () => {
    const id = await running();

    expect(await perform({ type: 'delete-flow-run' }, { event: about('flow-run', id) })).toMatchObject(success);
    expect((await api.call('GET', `/api/flow_runs/${id}`)).status).toBe(404);
  });

  it.each<[Action, PrefectEvent | undefined, string | RegExp]>([
    [{ type: 'cancel-flow-run' }, undefined, 'No flow run could be inferred'],
    [{ type: 'suspend-flow-run' }, about('flow', nobody), 'No flow run could be inferred'],
    [{ type: 'delete-flow-run' }, about('flow-run', nobody), "Unexpected status from 'delete-flow-run' action: 404"],
    [{ type: 'cancel-flow-run' }, about('flow-run', nobody), "Unexpected status from 'cancel-flow-run' action: 404"],
  ])('%j fail when there is none', async (action, event, reason) => {
    expect(await perform(action, event === undefined ? {} : { event })).toMatchObject(failure(reason));
  });

  it('fail with the reason of the rules', async () => {
    const id = await running();

    expect(await perform({ type: 'resume-flow-run' }, { event: about('flow-run', id) })).toMatchObject(
      failure(/^Failed to resume flow run: /),
    );
  });
});

async function block(slug: string, data: object): Promise<string> {
  const type = (await api.call('GET', `/api/block_types/slug/${slug}`)).body;
  const body = { block_schemas: { block_type_id: { any_: [type.id] } } };
  const [schema] = (await api.call('POST', '/api/block_schemas/filter', { body })).body;
  const document = { name: `b-${randomUUID()}`, data, block_type_id: type.id, block_schema_id: schema.id };
  return (await api.call('POST', '/api/block_documents/', { body: document })).body.id;
}

describe('notifications', () => {
  const notify = (blockDocumentId: string, over: object = {}): Action => ({
    type: 'send-notification',
    blockDocumentId,
    subject: 'Run {{ flow_run.name }}',
    body: '{{ flow_run.state.name }}: {{ flow_run|ui_url }}',
    ...over,
  });
  const chat = (data: object = {}) =>
    block('mattermost-webhook', { hostname: '127.0.0.1', port: receiver.port, token: 'tok', ...data });

  it('go to a chat, filled in with the run that the event is about', async () => {
    const { body } = await prepared.record({ name: 'the-run' });
    const labels = {
      'prefect.state-name': 'Crashed',
      'prefect.state-type': 'CRASHED',
      'prefect.state-message': '',
      'prefect.state-timestamp': '2026-11-23T12:00:00Z',
    };
    const event = anEvent({ resource: { 'prefect.resource.id': `prefect.flow-run.${body.id}`, ...labels } });

    const answer = await perform(notify(await chat()), { event });

    expect(answer).toMatchObject({
      ...success,
      result: {
        resources: [
          { 'prefect.resource.role': 'block' },
          { 'prefect.resource.id': 'prefect.block-type.mattermost-webhook' },
        ],
      },
    });
    expect(receiver.calls.map((call) => [call.path, JSON.parse(call.body).text])).toEqual([
      ['/hooks/tok', `Run the-run\r\nCrashed: https://ui.example.com/runs/flow-run/${body.id}`],
    ]);
  });

  it('go by mail and to a topic', async () => {
    await perform(
      notify(await block('aws-ses-email', { sender_email: 'a@b.c', to_emails: ['d@e.f'] }), {
        subject: 's',
        body: 'b',
      }),
    );
    await perform(notify(await block('aws-sns-topic', { topic_arn: 'arn:aws:sns:x' }), { subject: 's', body: 'b' }));

    expect(mails).toEqual([{ from: 'a@b.c', to: ['d@e.f'], subject: 's', body: 'b' }]);
    expect(messages).toEqual([{ topicArn: 'arn:aws:sns:x', subject: 's', body: 'b' }]);
  });

  it('are sent again to those alone that did not take them', async () => {
    const id = await chat({ channels: ['one', 'two', 'three'] });
    receiver.statuses.push(200, 503, 200);

    const first = await perform(notify(id, { subject: 's', body: 'b' }));
    const sent = first.kind === 'again' ? first.sent : [];
    const second = await perform(notify(id, { subject: 's', body: 'b' }), { sent });

    expect(first).toMatchObject({ kind: 'again', result: { reason: 'Notification failed' } });
    expect(sent).toHaveLength(2);
    expect(second).toMatchObject(success);
    expect(receiver.calls).toHaveLength(4);
  });

  it('that a service refuses have failed, with what it said', async () => {
    receiver.statuses.push(403);

    expect(await perform(notify(await chat()))).toMatchObject({
      ...failure('Notification failed'),
      result: { details: { notification_log: 'the service answered 403' } },
    });
  });

  it('with a template that fails say where', async () => {
    const outcome = await perform(notify(await chat(), { body: '{{ nothing|sing }}' }));

    expect(outcome).toMatchObject({
      ...failure(/^Template rendering failed/),
      result: { details: { template_source: '{{ nothing|sing }}' } },
    });
    expect(receiver.calls).toEqual([]);
  });

  it('by a block that is gone or cannot notify fail', async () => {
    expect(await perform(notify(nobody))).toMatchObject(
      failure("Unexpected status from 'send-notification' action: 404"),
    );
    expect(await perform(notify(await block('secret', { value: 's' })))).toMatchObject(
      failure('The referenced block was not a notification block'),
    );
  });
});

describe('webhooks', () => {
  const call = (blockDocumentId: string, payload = ''): Action => ({ type: 'call-webhook', blockDocumentId, payload });
  const webhook = (data: object = {}) =>
    block('webhook', { url: `${receiver.url}/hook?token=hush`, method: 'POST', headers: {}, ...data });

  it('are called with the payload, the headers of the block and a key of the action', async () => {
    const id = randomUUID();

    const outcome = await perform(
      call(await webhook({ headers: { 'X-Secret': 'hush' } }), '{"event": {{ event.event|tojson }}}'),
      { event: anEvent(), id },
    );
    await perform(call(await webhook()), { id });

    expect(receiver.calls[0]).toMatchObject({
      method: 'POST',
      path: '/hook?token=hush',
      body: '{"event": "it.happened"}',
      headers: { 'x-secret': 'hush' },
    });
    expect(receiver.calls[0]?.headers['idempotency-key']).toBe(receiver.calls[1]?.headers['idempotency-key']);
    expect(outcome).toMatchObject({
      ...success,
      result: { details: { status_code: 200, response_body: 'thanks', response_headers: { 'x-answer': 'yes' } } },
    });
    expect(JSON.stringify(outcome)).not.toContain('hush');
    expect(JSON.stringify(outcome)).not.toContain('set-cookie');
  });

  it.each([404, 400])('that answer %i were called', async (status) => {
    receiver.statuses.push(status);

    expect(await perform(call(await webhook()))).toMatchObject({
      ...success,
      result: { details: { status_code: status } },
    });
  });

  it.each([500, 503, 429])('that answer %i are called again', async (status) => {
    receiver.statuses.push(status);

    expect(await perform(call(await webhook()))).toMatchObject({
      kind: 'again',
      result: { isSuccess: true, details: { status_code: status } },
    });
  });

  it('that nobody answers are called again, and have failed then', async () => {
    const outcome = await perform(call(await webhook({ url: 'http://127.0.0.1:9/?token=hush' })));

    expect(outcome).toMatchObject({
      kind: 'again',
      result: { isSuccess: false, reason: 'Webhook call failed: the request failed with ECONNREFUSED' },
    });
  });

  it('that lead to a private network are refused when the block says so', async () => {
    expect(await perform(call(await webhook({ allow_private_urls: false })))).toMatchObject(failure(/private network/));
  });

  it('by a block that is gone or is none fail', async () => {
    expect(await perform(call(nobody))).toMatchObject(failure("Unexpected status from 'call-webhook' action: 404"));
    expect(await perform(call(await block('secret', { value: 's' })))).toMatchObject(
      failure('The referenced block was not a webhook block'),
    );
  });
});

it('doing nothing is done at once', async () => {
  expect(await perform({ type: 'do-nothing' })).toMatchObject(success);
});
