// What a notification looks like on the wire, for each type of block that we know: the addresses, headers and bodies
// that the services document, from the fields that Prefect's blocks have.
import type { Json, JsonObject } from '../json.ts';
import { flagField, numberField, textField, textMap, textsField } from './block-fields.ts';
import { customWebhook } from './custom-webhook.ts';
import { type Deliveries, type Delivery, defaultTimeoutMs } from './delivery.ts';
import type { NotificationType } from './notification-types.ts';

export type Message = { readonly subject: string; readonly body: string };
type Make = (data: JsonObject, message: Message) => Deliveries;

const client = 'Prefect Notifications';

const problem = (text: string): Deliveries => ({ kind: 'problem', problem: text });
const all = (deliveries: readonly Delivery[]): Deliveries => ({ kind: 'deliveries', deliveries });

type Post = { readonly url: string; readonly headers?: Readonly<Record<string, string>>; readonly data: JsonObject };

function post(sent: Post, options: { readonly isPublic?: boolean; readonly body?: Json } = {}): Delivery {
  return {
    kind: 'http',
    request: {
      method: 'POST',
      url: sent.url,
      headers: { 'content-type': 'application/json', 'user-agent': client, ...sent.headers },
      body: JSON.stringify(options.body ?? {}),
      timeoutMs: defaultTimeoutMs,
      verifies: true,
      network: flagField(sent.data, 'allow_private_urls', true) && options.isPublic !== true ? 'any' : 'public',
    },
  };
}

function together({ subject, body }: Message): string {
  return subject === '' ? body : `${subject}\r\n${body}`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}

const slackHost = /^https?:\/\/hooks\.slack(?:-gov)?\.com\/services\/[A-Z0-9]+\/[A-Z0-9]+\/[A-Z0-9]+\/?$/i;
/** Apprise's own way of writing it: `slack://[bot@]A/B/C[/#channel]`. */
const slackUrl = /^slack:\/\/(?:[^@/]+@)?([A-Z0-9]+)\/([A-Z0-9]+)\/([A-Z0-9]+)/i;

/** Colours of the kinds of notification. */
const colors: ReadonlyMap<string, string> = new Map([
  ['info', '#3AA3E3'],
  ['success', '#3AA337'],
  ['failure', '#A32037'],
  ['warning', '#CACF29'],
]);

function slack(data: JsonObject, { subject, body }: Message): Deliveries {
  const sent = textField(data, 'url') ?? '';
  const apprise = slackUrl.exec(sent);
  const url = apprise === null ? sent : `https://hooks.slack.com/services/${apprise.slice(1, 4).join('/')}`;
  if (!slackHost.test(url) && !/^https?:\/\//i.test(url)) return problem('the url of the block is no webhook of Slack');
  const color = colors.get(textField(data, 'notify_type') ?? 'info') ?? '#3AA3E3';
  return all([
    post({ url, data }, { body: { attachments: [{ title: subject, text: body, color, fallback: subject }] } }),
  ]);
}

const workflowUrl =
  /^https?:\/\/[\w.-]+(?::\d{1,5})?(?:\/powerautomate\/automations\/direct(?:\/cu\/\d+)?)?\/workflows\/[\w-]+\/triggers\/manual\/paths\/invoke\/?\?.+$/i;

function teams(data: JsonObject, { subject, body }: Message): Deliveries {
  const url = textField(data, 'url') ?? '';
  if (!workflowUrl.test(url)) return problem('Invalid Microsoft Teams Workflow URL provided.');
  const title = { type: 'TextBlock', text: subject, style: 'heading', weight: 'Bolder', size: 'Large', id: 'title' };
  const text = { type: 'TextBlock', text: body, style: 'default', wrap: flagField(data, 'wrap', true), id: 'body' };
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: subject === '' ? [text] : [title, text],
    msteams: { width: 'full' },
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return all([post({ url, data }, { body: { type: 'message', attachments: [attachment] } })]);
}

const severities: ReadonlyMap<string, string> = new Map([
  ['warning', 'warning'],
  ['failure', 'critical'],
]);

function pagerDuty(data: JsonObject, message: Message): Deliveries {
  const routingKey = textField(data, 'integration_key');
  const apiKey = textField(data, 'api_key');
  if (routingKey === undefined || apiKey === undefined) return problem('the block has no integration_key or api_key');
  const host = textField(data, 'region_name') === 'eu' ? 'events.eu.pagerduty.com' : 'events.pagerduty.com';
  const details = textMap(data['custom_details']);
  const link = textField(data, 'clickable_url');
  const group = textField(data, 'group');
  const classId = textField(data, 'class_id');
  const body = {
    routing_key: routingKey,
    event_action: 'trigger',
    client,
    payload: {
      summary: cut(message.subject === '' ? message.body : message.subject, 1024),
      severity: severities.get(textField(data, 'notify_type') ?? 'info') ?? 'info',
      source: textField(data, 'source') ?? 'Prefect',
      component: textField(data, 'component') ?? 'Notification',
      ...(group === undefined ? {} : { group }),
      ...(classId === undefined ? {} : { class: classId }),
      custom_details: { ...details, 'Prefect Notification Body': message.body },
    },
    ...(link === undefined ? {} : { links: [{ href: link }] }),
  };
  const headers = { authorization: `Token token=${apiKey}` };
  return all([post({ url: `https://${host}/v2/enqueue`, headers, data }, { body })]);
}

function opsgenie(data: JsonObject, { subject, body }: Message): Deliveries {
  const key = textField(data, 'apikey');
  if (key === undefined) return problem('the block has no apikey');
  const host = textField(data, 'region_name') === 'eu' ? 'api.eu.opsgenie.com' : 'api.opsgenie.com';
  const responders = [
    ...textsField(data, 'target_user').map((username) => ({ type: 'user', username })),
    ...textsField(data, 'target_team').map((name) => ({ type: 'team', name })),
    ...textsField(data, 'target_schedule').map((name) => ({ type: 'schedule', name })),
    ...textsField(data, 'target_escalation').map((name) => ({ type: 'escalation', name })),
  ];
  const tags = textsField(data, 'tags');
  const alias = textField(data, 'alias');
  const entity = textField(data, 'entity');
  const alert = {
    source: client,
    message: cut(subject === '' ? body : subject, 130),
    description: body,
    details: { type: textField(data, 'notify_type') ?? 'info', ...textMap(data['details']) },
    priority: `P${numberField(data, 'priority', 3)}`,
    ...(tags.length === 0 ? {} : { tags }),
    ...(alias === undefined ? {} : { alias }),
    ...(entity === undefined ? {} : { entity }),
    ...(responders.length === 0 ? {} : { responders }),
  };
  return all([
    post({ url: `https://${host}/v2/alerts`, headers: { authorization: `GenieKey ${key}` }, data }, { body: alert }),
  ]);
}

function mattermost(data: JsonObject, message: Message): Deliveries {
  const host = textField(data, 'hostname');
  const token = textField(data, 'token');
  if (host === undefined || token === undefined) return problem('the block has no hostname or token');
  const scheme = flagField(data, 'secure', false) ? 'https' : 'http';
  const path = (textField(data, 'path') ?? '').replace(/^\/+|\/+$/g, '');
  const url = `${scheme}://${host}:${numberField(data, 'port', 8065)}${path === '' ? '' : `/${path}`}/hooks/${encodeURIComponent(token)}`;
  const channels = textsField(data, 'channels');
  const username = textField(data, 'botname') ?? client;
  const bodies = (channels.length === 0 ? [undefined] : channels).map((channel) => ({
    text: together(message),
    username,
    ...(channel === undefined ? {} : { channel: channel.replace(/^#/, '') }),
  }));
  return all(bodies.map((body) => post({ url, data }, { body })));
}

const longestDiscord = 2_000;

function discord(data: JsonObject, message: Message): Deliveries {
  const id = textField(data, 'webhook_id');
  const token = textField(data, 'webhook_token');
  if (id === undefined || token === undefined) return problem('the block has no webhook_id or webhook_token');
  const url = `https://discord.com/api/webhooks/${encodeURIComponent(id)}/${encodeURIComponent(token)}`;
  const username = textField(data, 'botname');
  const avatar = textField(data, 'avatar_url');
  const body = {
    tts: flagField(data, 'tts', false),
    content: cut(together(message), longestDiscord),
    ...(username === undefined ? {} : { username }),
    ...(avatar === undefined || !flagField(data, 'avatar', false) ? {} : { avatar_url: avatar }),
  };
  return all([post({ url, data }, { body })]);
}

const longestSms = 1_600;

function twilio(data: JsonObject, message: Message): Deliveries {
  const sid = textField(data, 'account_sid');
  const token = textField(data, 'auth_token');
  const from = textField(data, 'from_phone_number');
  const numbers = textsField(data, 'to_phone_numbers');
  if (sid === undefined || token === undefined || from === undefined || numbers.length === 0) {
    return problem('the block has no account_sid, auth_token, from_phone_number or to_phone_numbers');
  }
  const url = `https://api.twilio.com/2010-04-01/Accounts/${encodeURIComponent(sid)}/Messages.json`;
  const headers = {
    authorization: `Basic ${base64(`${sid}:${token}`)}`,
    'content-type': 'application/x-www-form-urlencoded',
    'user-agent': client,
  };
  const requests = numbers.map((to): Delivery => {
    const body = new URLSearchParams({
      Body: cut(together(message), longestSms),
      From: phone(from),
      To: phone(to),
    }).toString();
    return {
      kind: 'http',
      request: { method: 'POST', url, headers, body, timeoutMs: defaultTimeoutMs, verifies: true, network: 'any' },
    };
  });
  return all(requests);
}

function phone(number: string): string {
  return /^\d/.test(number) ? `+${number.replace(/\D/g, '')}` : number;
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

function sendgrid(data: JsonObject, { subject, body }: Message): Deliveries {
  const key = textField(data, 'api_key');
  const from = textField(data, 'sender_email');
  const recipients = textsField(data, 'to_emails');
  if (key === undefined || from === undefined || recipients.length === 0) {
    return problem('the block has no api_key, sender_email or to_emails');
  }
  const headers = { authorization: `Bearer ${key}` };
  return all(
    recipients.map((email) =>
      post(
        { url: 'https://api.sendgrid.com/v3/mail/send', headers, data },
        {
          body: {
            personalizations: [{ to: [{ email }] }],
            from: { email: from },
            subject: subject === '' ? client : subject,
            content: [{ type: 'text/plain', value: body === '' ? ' ' : body }],
          },
        },
      ),
    ),
  );
}

function ses(data: JsonObject, { subject, body }: Message): Deliveries {
  const from = textField(data, 'sender_email');
  const to = textsField(data, 'to_emails');
  if (from === undefined || to.length === 0) return problem('the block has no sender_email or to_emails');
  return all([{ kind: 'email', email: { from, to, subject: subject === '' ? client : subject, body } }]);
}

function sns(data: JsonObject, { subject, body }: Message): Deliveries {
  const topicArn = textField(data, 'topic_arn');
  if (topicArn === undefined) return problem('the block has no topic_arn');
  return all([{ kind: 'topic', message: { topicArn, subject: subject === '' ? client : subject, body } }]);
}

const makers = {
  'slack-webhook': slack,
  'ms-teams-webhook': teams,
  'pager-duty-webhook': pagerDuty,
  'opsgenie-webhook': opsgenie,
  'mattermost-webhook': mattermost,
  'discord-webhook': discord,
  'twilio-sms': twilio,
  'sendgrid-email': sendgrid,
  'custom-webhook': customWebhook,
  'aws-ses-email': ses,
  'aws-sns-topic': sns,
} as const satisfies Record<NotificationType, Make>;

export function notificationDeliveries(type: NotificationType, data: JsonObject, message: Message): Deliveries {
  return makers[type](data, message);
}
