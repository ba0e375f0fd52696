// What actions send and say: notifications for each type of block, custom webhooks, links, hydrated parameters.
import { describe, expect, it } from 'vitest';
import { webhookRequest } from '../../shared/domain/automation/custom-webhook.ts';
import { formatDate, naturalDelta, naturalTime } from '../../shared/domain/automation/date-format.ts';
import type { Delivery } from '../../shared/domain/automation/delivery.ts';
import { type Filled, hydrate, upgradeTemplates } from '../../shared/domain/automation/hydrate.ts';
import { notificationDeliveries } from '../../shared/domain/automation/notification.ts';
import type { NotificationType } from '../../shared/domain/automation/notification-types.ts';
import { templateFilters } from '../../shared/domain/automation/template-filters.ts';
import { eventValue, labelsValue, modelValue } from '../../shared/domain/automation/template-values.ts';
import { renderTemplate } from '../../shared/domain/jinja/render.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import { anEvent, start } from '../support/automations/builders.ts';

const message = { subject: 'Run failed', body: 'It was the disk.' };

function sent(type: NotificationType, data: JsonObject): readonly Delivery[] {
  const made = notificationDeliveries(type, data, message);
  if (made.kind === 'problem') throw new Error(made.problem);
  return made.deliveries;
}

function requests(type: NotificationType, data: JsonObject) {
  return sent(type, data).map((delivery) => {
    if (delivery.kind !== 'http') throw new Error(`wanted a request, got ${delivery.kind}`);
    return delivery.request;
  });
}

describe('a notification', () => {
  it.each<[NotificationType, JsonObject, string, JsonObject, string[]]>([
    [
      'slack-webhook',
      { url: 'https://hooks.slack.com/services/T/B/X' },
      'https://hooks.slack.com/services/T/B/X',
      {},
      ['Run failed', 'It was the disk.'],
    ],
    ['slack-webhook', { url: 'slack://T/B/X/#general' }, 'https://hooks.slack.com/services/T/B/X', {}, ['Run failed']],
    [
      'ms-teams-webhook',
      { url: 'https://a.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?sig=s' },
      'https://a.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?sig=s',
      {},
      ['AdaptiveCard', 'It was the disk.'],
    ],
    [
      'pager-duty-webhook',
      { integration_key: 'ik', api_key: 'ak', notify_type: 'failure', region_name: 'eu' },
      'https://events.eu.pagerduty.com/v2/enqueue',
      { authorization: 'Token token=ak' },
      ['"routing_key":"ik"', '"severity":"critical"', '"summary":"Run failed"', 'It was the disk.'],
    ],
    [
      'opsgenie-webhook',
      { apikey: 'k', target_team: ['ops'], tags: ['prod'], priority: 1 },
      'https://api.opsgenie.com/v2/alerts',
      { authorization: 'GenieKey k' },
      ['"priority":"P1"', '"type":"team","name":"ops"', '"tags":["prod"]'],
    ],
    [
      'mattermost-webhook',
      { hostname: 'chat.example.com', token: 'tok', secure: true, port: 443, path: '/sub/', channels: ['#ops'] },
      'https://chat.example.com:443/sub/hooks/tok',
      {},
      ['"channel":"ops"', 'Run failed'],
    ],
    [
      'discord-webhook',
      { webhook_id: '1', webhook_token: 't', botname: 'bot' },
      'https://discord.com/api/webhooks/1/t',
      {},
      ['"username":"bot"', 'It was the disk.'],
    ],
    [
      'sendgrid-email',
      { api_key: 'k', sender_email: 'a@b.c', to_emails: ['d@e.f'] },
      'https://api.sendgrid.com/v3/mail/send',
      { authorization: 'Bearer k' },
      ['"email":"d@e.f"', '"subject":"Run failed"'],
    ],
  ])('by %s goes where the block says, with what the service wants', (type, data, url, headers, parts) => {
    const [request] = requests(type, data);

    expect(request).toMatchObject({ method: 'POST', url, headers });
    for (const part of parts) expect(request?.body).toContain(part);
  });

  it('by twilio goes to each number, as a form', () => {
    const data = {
      account_sid: 'AC1',
      auth_token: 'tok',
      from_phone_number: '18001234567',
      to_phone_numbers: ['18004242424', '+4930123'],
    };

    const all = requests('twilio-sms', data);

    expect(all.map(({ body }) => new URLSearchParams(body).get('To'))).toEqual(['+18004242424', '+4930123']);
    expect(all[0]).toMatchObject({
      url: 'https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json',
      headers: { authorization: `Basic ${btoa('AC1:tok')}`, 'content-type': 'application/x-www-form-urlencoded' },
    });
  });

  it('by SES is a mail, and by SNS a message', () => {
    expect(sent('aws-ses-email', { sender_email: 'a@b.c', to_emails: ['d@e.f', 'g@h.i'] })).toEqual([
      { kind: 'email', email: { from: 'a@b.c', to: ['d@e.f', 'g@h.i'], ...message } },
    ]);
    expect(sent('aws-sns-topic', { topic_arn: 'arn:aws:sns:x' })).toEqual([
      { kind: 'topic', message: { topicArn: 'arn:aws:sns:x', ...message } },
    ]);
  });

  it.each<[NotificationType, JsonObject]>([
    ['slack-webhook', { url: 'carrier://pigeon' }],
    ['ms-teams-webhook', { url: 'https://example.com/' }],
    ['pager-duty-webhook', {}],
    ['opsgenie-webhook', {}],
    ['mattermost-webhook', { hostname: 'chat' }],
    ['discord-webhook', {}],
    ['twilio-sms', { account_sid: 'a' }],
    ['sendgrid-email', { api_key: 'k', sender_email: 'a' }],
    ['custom-webhook', { url: 'nowhere' }],
    ['aws-ses-email', {}],
    ['aws-sns-topic', {}],
  ])('by %s with %j says what is missing, and no secret', (type, data) => {
    const made = notificationDeliveries(type, data, message);

    expect(made).toMatchObject({ kind: 'problem', problem: expect.stringMatching(/\w/) });
    expect(JSON.stringify(made)).not.toContain('pigeon');
  });
});

describe('a custom webhook', () => {
  it('fills subject, body, name and its secrets into all that it sends', () => {
    const [request] = requests('custom-webhook', {
      name: 'mine',
      url: 'https://example.com/{{name}}',
      method: 'PUT',
      params: { s: '{{subject}}' },
      json_data: { text: '{{subject}}: {{body}}', deep: [{ token: '{{tok}}' }] },
      headers: { Authorization: 'Bearer {{tok}}' },
      cookies: { c: '{{tok}}' },
      timeout: 3,
      allow_private_urls: false,
      secrets: { tok: 's3' },
    });

    expect(request).toEqual({
      method: 'PUT',
      url: 'https://example.com/mine?s=Run+failed',
      headers: {
        'user-agent': 'Prefect Notifications',
        'content-type': 'application/json',
        cookie: 'c=s3',
        authorization: 'Bearer s3',
      },
      body: JSON.stringify({ text: 'Run failed: It was the disk.', deep: [{ token: 's3' }] }),
      timeoutMs: 3_000,
      verifies: true,
      network: 'public',
    });
  });

  it.each([
    [{ form_data: { a: '{{subject}}' } }, 'a=Run+failed', 'application/x-www-form-urlencoded'],
    [{ form_data: 'raw {{body}}' }, 'raw It was the disk.', undefined],
    [{}, undefined, undefined],
  ])('sends %j as it is meant', (data, body, type) => {
    const [request] = requests('custom-webhook', { name: 'n', url: 'https://example.com', json_data: null, ...data });

    expect(request?.body).toBe(body);
    expect(request?.headers['content-type']).toBe(type);
  });
});

describe('a webhook block', () => {
  it.each([
    ['{"a": 1}', {}, 'application/json'],
    ['plain', {}, undefined],
    ['{"a": 1}', { 'Content-Type': 'application/x-thing' }, 'application/x-thing'],
  ])('sends %j with headers %j as %s', (payload, headers, type) => {
    expect(webhookRequest({ url: 'https://example.com', headers }, payload)?.headers['content-type']).toBe(type);
  });

  it('without an address sends nothing', () => {
    expect(webhookRequest({}, 'x')).toBeUndefined();
  });
});

describe('a template of an action', () => {
  const uiUrl = 'https://ui.example.com';
  const id = '11111111-2222-4333-8444-555555555555';
  const event = anEvent({
    id: 'e1',
    occurred: start + 123,
    resource: { 'prefect.resource.id': `prefect.flow-run.${id}`, 'prefect.resource.name': 'run', a: '1', 'a.b': '2' },
    related: [
      { 'prefect.resource.id': 'prefect.flow.f', 'prefect.resource.role': 'flow', 'prefect.resource.name': 'my flow' },
    ],
    payload: { state: { name: 'Failed' } },
  });
  const context = {
    event: eventValue(event, uiUrl),
    labels: labelsValue({ 'prefect.resource.id': 'x' }),
    flow_run: modelValue('flow-run', { id, name: 'run', start_time: '2026-11-23T12:00:00Z', state: { message: 'm' } }),
    work_pool: modelValue('work-pool', { id, name: 'pool' }),
  };
  const render = (template: string, page: string | undefined = uiUrl) =>
    renderTemplate(template, { context, filters: templateFilters({ uiUrl: page, now: start + 3_600_000 }) });

  it.each([
    ['{{ event.resource.id }}', `prefect.flow-run.${id}`],
    [
      '{{ event.resource.name }} {{ event.resource["a.b"] }} {{ event.resource.labels.a }} {{ event.resource.labels.a.b }}',
      'run 2 1 2',
    ],
    ['{{ event.occurred }}', '2026-11-23 12:00:00.123000+00:00'],
    ['{{ event.occurred.strftime("%d.%m.%Y %H:%M") }}', '23.11.2026 12:00'],
    ['{{ event.payload.state.name }}', 'Failed'],
    ['{{ event.resource_in_role.flow.name }} {{ event.related[0].role }}', 'my flow flow'],
    ['{{ event.url }}', `${uiUrl}/events/event/2026-11-23/e1`],
    ['{{ labels.prefect.resource.id }}', 'x'],
    ['{{ flow_run|ui_url }}', `${uiUrl}/runs/flow-run/${id}`],
    ['{{ event.resource|ui_url }}', `${uiUrl}/runs/flow-run/${id}`],
    ['{{ work_pool|ui_url }}', `${uiUrl}/work-pools/work-pool/pool`],
    ['{{ event.resource|ui_resource_events_url }}', `${uiUrl}/events?resource=prefect.flow-run.${id}`],
    ['{{ flow_run|ui_resource_events_url }}', `${uiUrl}/events?resource=prefect.flow-run.${id}`],
    ['{{ ("see flow-run/" ~ flow_run.id)|flow_run_id }}', id],
    ['{{ flow_run.start_time|humanize_naturaltime }}', 'an hour ago'],
    ['{{ flow_run.start_time }} {{ flow_run.state.message }}', '2026-11-23 12:00:00+00:00 m'],
    ['{{ 1234567|humanize_intcomma }} {{ 3|humanize_ordinal }}', '1,234,567 3rd'],
    ['{{ event.payload|tojson }}', '{"state": {"name": "Failed"}}'],
    [
      '{% for key, value in event.resource.items() %}{{ key }};{% endfor %}',
      'prefect.resource.id;prefect.resource.name;a;a.b;',
    ],
    ['{{ event.constructor }}{{ event.__proto__ }}{{ "".constructor }}{{ flow_run.toString }}', ''],
  ])('%s gives %s', (template, text) => {
    expect(render(template)).toBe(text);
  });

  it('has no links where there is no page', () => {
    expect(
      renderTemplate('{{ flow_run|ui_url }}', { context, filters: templateFilters({ uiUrl: undefined, now: start }) }),
    ).toBe('None');
  });

  it.each([
    ['{% for a in range(100) %}{% for b in range(100) %}{{ "x" * 9000 }}{% endfor %}{% endfor %}', 'characters'],
    ['{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', 'deep'],
    ['{{ "x"|center(10000000) }}', 'width'],
    ['{{ "x" * 100000000 }}', 'too often'],
    ['{{ range(1000000) }}', 'range'],
  ])('that would eat the machine is stopped: %s', (template, words) => {
    expect(() => render(template)).toThrow(words);
  });
});

describe('parameters with values to be filled in', () => {
  const filling = {
    template: (template: string): Filled => ({
      kind: 'value',
      value: template.replace(/\{\{ (\w+) \| tojson \}\}/, '{"n": "$1"}').replace('{{ x }}', 'X'),
    }),
    variable: (name: string): Filled =>
      name === 'there'
        ? { kind: 'value', value: [1] }
        : { kind: 'problem', problem: `Variable '${name}' not found in workspace.` },
  };
  const filled = (parameters: JsonObject) => hydrate(upgradeTemplates(parameters), filling);

  it.each<[JsonObject, JsonObject]>([
    [
      { a: 1, b: ['x', { c: null }] },
      { a: 1, b: ['x', { c: null }] },
    ],
    [{ a: '{{ n }}' }, { a: { n: 'n' } }],
    [{ a: 'say {{ x }}' }, { a: 'say X' }],
    [{ a: { __prefect_kind: 'json', value: '[1, 2]' } }, { a: [1, 2] }],
    [{ a: { __prefect_kind: 'json' }, b: 1 }, { b: 1 }],
    [
      { a: { __prefect_kind: 'none', value: { b: { __prefect_kind: 'jinja', template: '{{ x }}' } } } },
      { a: { b: 'X' } },
    ],
    [{ a: { __prefect_kind: 'workspace_variable', variable_name: 'there' } }, { a: [1] }],
    [{ a: { __prefect_kind: 'unknown', value: 5 } }, { a: 5 }],
  ])('%j become %j', (parameters, value) => {
    expect(filled(parameters)).toEqual({ value, problems: new Map() });
  });

  it.each<[JsonObject, string, string]>([
    [{ a: { __prefect_kind: 'jinja' } }, 'a', "Missing 'template' key in __prefect object"],
    [{ a: { b: [{ __prefect_kind: 'json', value: '{' }] } }, 'a.b[0]', 'Invalid JSON'],
    [
      { a: { __prefect_kind: 'workspace_variable', variable_name: 'gone' } },
      'a',
      "Variable 'gone' not found in workspace.",
    ],
  ])('%j say at %s: %s', (parameters, path, problem) => {
    expect(filled(parameters).problems.get(path)).toContain(problem);
  });
});

describe('times in words', () => {
  it.each([
    [0, 'a moment'],
    [1, 'a second'],
    [59, '59 seconds'],
    [60, 'a minute'],
    [7_200, '2 hours'],
    [86_400 * 3, '3 days'],
    [31_557_600 * 2, '2 years'],
  ])('%i seconds are %s', (seconds, words) => {
    expect(naturalDelta(seconds)).toBe(words);
  });

  it('say whether it was or will be', () => {
    expect([naturalTime(0, 60_000), naturalTime(60_000, 0), naturalTime(0, 10)]).toEqual([
      'a minute ago',
      'a minute from now',
      'now',
    ]);
  });

  it('are formatted by the codes of strftime', () => {
    const date = new Date('2026-03-04T15:06:07Z');

    expect(formatDate(date, '%A %d %B %y %I:%M:%S %p %j %F %T %% %Q')).toBe(
      'Wednesday 04 March 26 03:06:07 PM 063 2026-03-04 15:06:07 % %Q',
    );
  });
});
