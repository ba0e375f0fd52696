// The actions `send-notification` and `call-webhook`: a block says where to and with which secrets, a template what.
// What fails in passing is tried again; what has arrived is not sent again.
import type { ActionOf } from '../domain/automation/automation.ts';
import { webhookRequest } from '../domain/automation/custom-webhook.ts';
import type { Delivery } from '../domain/automation/delivery.ts';
import { notificationDeliveries } from '../domain/automation/notification.ts';
import { isNotificationType, webhookType } from '../domain/automation/notification-types.ts';
import type { EventResource } from '../domain/event/event.ts';
import type { JsonObject } from '../domain/json.ts';
import { isJsonObject } from '../domain/template/json-value.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Outgoing, OutgoingAnswer } from '../ports/outgoing.ts';
import { failed, type Outcome, succeeded, type Task } from './action-outcome.ts';
import { type ContextDeps, renderAll, templateOptions } from './template-context.ts';

export type SendDeps = ContextDeps & {
  readonly catalogue: Pick<Catalogue, 'blocks' | 'blockDocuments' | 'blockTypes'>;
  readonly outgoing: Outgoing;
};

type OpenedBlock = { readonly data: JsonObject; readonly slug: string; readonly resources: readonly EventResource[] };

async function openBlock({ catalogue }: SendDeps, id: string): Promise<OpenedBlock | undefined> {
  const document = await catalogue.blockDocuments.read(id);
  if (document === undefined) return undefined;
  const [type, data] = await Promise.all([
    catalogue.blockTypes.read(document.blockTypeId),
    catalogue.blocks.readDataById(id),
  ]);
  const slug = type?.slug ?? '';
  const resources = [
    {
      'prefect.resource.id': `prefect.block-document.${id}`,
      'prefect.resource.role': 'block',
      'prefect.resource.name': document.name,
    },
    { 'prefect.resource.id': `prefect.block-type.${slug}`, 'prefect.resource.role': 'block-type' },
  ];
  return { data: isJsonObject(data) ? data : {}, slug, resources };
}

/** Receivers that look at it take a repeated delivery for what it is. */
function marked(delivery: Delivery, key: string): Delivery {
  if (delivery.kind !== 'http') return delivery;
  const { request } = delivery;
  return { kind: 'http', request: { ...request, headers: { 'idempotency-key': key, ...request.headers } } };
}

function send({ outgoing }: SendDeps, delivery: Delivery): Promise<OutgoingAnswer> {
  switch (delivery.kind) {
    case 'http':
      return outgoing.http(delivery.request);
    case 'email':
      return outgoing.email(delivery.email);
    case 'topic':
      return outgoing.publish(delivery.message);
  }
}

/** Busy, or in trouble: later it may be well. */
function isPassing(answer: OutgoingAnswer): boolean {
  return (
    answer.kind === 'failed' ||
    (answer.kind === 'answered' && (answer.status >= 500 || answer.status === 429 || answer.status === 408))
  );
}

export async function sendNotification(deps: SendDeps, task: Task<ActionOf<'send-notification'>>): Promise<Outcome> {
  const { action } = task;
  const block = await openBlock(deps, action.blockDocumentId);
  if (block === undefined) return failed(`Unexpected status from '${action.type}' action: 404`);
  const { slug, data, resources } = block;
  if (!isNotificationType(slug)) return failed('The referenced block was not a notification block', resources);
  const templates = [action.subject, action.body];
  const rendered = renderAll(templates, await templateOptions(deps, task, templates));
  if ('problem' in rendered) return templateFailure(rendered, resources);
  const [subject = '', body = ''] = rendered.texts;
  const made = notificationDeliveries(slug, data, { subject, body });
  if (made.kind === 'problem') return failed(`The notification block was invalid: ${made.problem}`, resources);
  return deliver(deps, task, { deliveries: made.deliveries, resources });
}

function templateFailure(
  failure: { readonly problem: string; readonly template: string },
  resources: readonly EventResource[],
): Outcome {
  const details = { template_error: failure.problem, template_source: failure.template };
  return failed(`Template rendering failed: ${failure.problem}`, resources, details);
}

type Sending = { readonly deliveries: readonly Delivery[]; readonly resources: readonly EventResource[] };

async function deliver(
  deps: SendDeps,
  task: Task<ActionOf<'send-notification'>>,
  { deliveries, resources }: Sending,
): Promise<Outcome> {
  const open = deliveries.flatMap((delivery, at) => (task.sent.includes(at) ? [] : [{ delivery, at }]));
  const answers = await Promise.all(
    open.map(async ({ delivery, at }) => ({ at, answer: await send(deps, marked(delivery, keyOf(task, at))) })),
  );
  const isTaken = (answer: OutgoingAnswer) => answer.kind === 'answered' && answer.status < 300;
  const untaken = answers.filter(({ answer }) => !isTaken(answer));
  if (untaken.length === 0) return succeeded({}, resources);
  const log = untaken.map(({ answer }) => wordsOf(answer)).join('; ');
  const outcome = failed('Notification failed', resources, { notification_log: log });
  if (!untaken.every(({ answer }) => isPassing(answer))) return outcome;
  const sent = [...task.sent, ...answers.filter(({ answer }) => isTaken(answer)).map(({ at }) => at)];
  return { kind: 'again', result: outcome.result, sent };
}

function keyOf({ triggered }: Task, at: number): string {
  return at === 0 ? triggered.id : `${triggered.id}-${at}`;
}

function wordsOf(answer: OutgoingAnswer): string {
  return answer.kind === 'answered' ? `the service answered ${answer.status}` : answer.reason;
}

const hiddenHeaders = /authorization|cookie|token|secret|key|signature/i;

export async function callWebhook(deps: SendDeps, task: Task<ActionOf<'call-webhook'>>): Promise<Outcome> {
  const { action } = task;
  const block = await openBlock(deps, action.blockDocumentId);
  if (block === undefined) return failed(`Unexpected status from '${action.type}' action: 404`);
  const { slug, data, resources } = block;
  if (slug !== webhookType) return failed('The referenced block was not a webhook block', resources);
  const rendered = renderAll([action.payload], await templateOptions(deps, task, [action.payload]));
  if ('problem' in rendered) return templateFailure(rendered, resources);
  const request = webhookRequest(data, rendered.texts[0] ?? '');
  if (request === undefined) return failed('The webhook block was invalid: it has no url', resources);
  const answer = await send(deps, marked({ kind: 'http', request }, keyOf(task, 0)));
  const outcome = webhookOutcome(answer, resources);
  return isPassing(answer) ? { kind: 'again', result: outcome.result, sent: [] } : outcome;
}

/** Whatever the service answered, it was called: Prefect counts that as done. */
function webhookOutcome(answer: OutgoingAnswer, resources: readonly EventResource[]): Outcome {
  if (answer.kind !== 'answered') return failed(`Webhook call failed: ${answer.reason}`, resources);
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !hiddenHeaders.test(name)));
  const details = { status_code: answer.status, response_body: answer.body, response_headers: headers };
  return succeeded(details, resources);
}
