// Actions of automations on the wire. The type may be left out: the fields tell it, as with Prefect.
// Rule: templates are judged when they are saved, not when they are needed.
import { z } from 'zod';
import {
  type Action,
  automationSwitches,
  deploymentSwitches,
  plainRunActions,
  workPoolSwitches,
  workQueueSwitches,
} from '../domain/automation/automation.ts';
import { type Filled, hydrate, upgradeTemplates } from '../domain/automation/hydrate.ts';
import { templateProblem } from '../domain/jinja/parse-template.ts';
import type { JsonObject } from '../domain/json.ts';
import { durationSeconds, jsonObject, uuid } from './scalars.ts';
import { stateType } from './states.ts';

const source = z.enum(['selected', 'inferred']).default('selected');
const id = uuid.nullish();

type Target = Extract<Action, { readonly target: unknown }>['target'];
type SentTarget = {
  readonly source: 'selected' | 'inferred';
  readonly id: string | null | undefined;
  readonly field: string;
};

/** A selected thing needs its id, an inferred one has none. */
function targetOf(sent: SentTarget, context: z.RefinementCtx): Target {
  if ((sent.source === 'selected') !== Boolean(sent.id)) {
    const message = `Value error, ${sent.field} is ${sent.id ? 'not allowed' : 'required'}`;
    context.addIssue({ code: 'custom', message });
  }
  return sent.source === 'selected' ? { kind: 'selected', id: sent.id ?? '' } : { kind: 'inferred' };
}

const template = (field: string) =>
  z.string().superRefine((text, context) => {
    const problem = templateProblem(text);
    if (problem === undefined) return;
    context.addIssue({
      code: 'custom',
      message: `Value error, '${field}' is not a valid template: ${problem.message}`,
    });
  });

/** Values to be filled in are checked, not filled in. */
function parameterProblems(parameters: JsonObject): readonly string[] {
  const { problems } = hydrate(upgradeTemplates(parameters), {
    template: (text): Filled => {
      const problem = templateProblem(text);
      return problem === undefined
        ? { kind: 'open' }
        : { kind: 'problem', problem: `Invalid jinja: ${problem.message}` };
    },
    variable: () => ({ kind: 'open' }),
  });
  return [...problems].map(([path, problem]) => `${path === '' ? '' : `${path}: `}${problem}`);
}

const runParameters = jsonObject.superRefine((parameters, context) => {
  const problems = parameterProblems(parameters);
  if (problems.length === 0) return;
  context.addIssue({ code: 'custom', message: `Value error, Invalid parameters: \n${problems.join('\n  ')}` });
});

const scheduleAfter = durationSeconds.refine((seconds) => seconds >= 0, {
  message: 'Value error, schedule_after must be non-negative',
});

const runDeployment = z
  .object({
    type: z.literal('run-deployment'),
    source,
    deployment_id: id,
    parameters: runParameters.nullish(),
    job_variables: jsonObject.nullish(),
    schedule_after: scheduleAfter.default(0),
  })
  .transform(
    (sent, context): Action => ({
      type: sent.type,
      target: targetOf({ source: sent.source, id: sent.deployment_id, field: 'deployment_id' }, context),
      parameters: sent.parameters ?? null,
      jobVariables: sent.job_variables ?? null,
      scheduleAfterSeconds: sent.schedule_after,
    }),
  )
  .meta({ id: 'RunDeployment-Input' });

const deploymentSwitch = z.object({ type: z.enum(deploymentSwitches), source, deployment_id: id }).transform(
  (sent, context): Action => ({
    type: sent.type,
    target: targetOf({ ...sent, id: sent.deployment_id, field: 'deployment_id' }, context),
  }),
);
const workPoolSwitch = z.object({ type: z.enum(workPoolSwitches), source, work_pool_id: id }).transform(
  (sent, context): Action => ({
    type: sent.type,
    target: targetOf({ ...sent, id: sent.work_pool_id, field: 'work_pool_id' }, context),
  }),
);
const workQueueSwitch = z.object({ type: z.enum(workQueueSwitches), source, work_queue_id: id }).transform(
  (sent, context): Action => ({
    type: sent.type,
    target: targetOf({ ...sent, id: sent.work_queue_id, field: 'work_queue_id' }, context),
  }),
);
const automationSwitch = z.object({ type: z.enum(automationSwitches), source, automation_id: id }).transform(
  (sent, context): Action => ({
    type: sent.type,
    target: targetOf({ ...sent, id: sent.automation_id, field: 'automation_id' }, context),
  }),
);

const plainAction = z
  .object({ type: z.enum(['do-nothing', ...plainRunActions]) })
  .transform(({ type }): Action => ({ type }));

const changeState = z
  .object({
    type: z.literal('change-flow-run-state'),
    name: z.string().nullish(),
    state: stateType,
    message: z.string().nullish(),
    force: z.boolean().default(false),
  })
  .transform(
    (sent): Action => ({
      type: sent.type,
      name: sent.name ?? null,
      state: sent.state,
      message: sent.message ?? null,
      force: sent.force,
    }),
  )
  .meta({ id: 'ChangeFlowRunState' });

const sendNotification = z
  .object({
    type: z.literal('send-notification'),
    block_document_id: uuid,
    subject: template('subject').default('Prefect automated notification'),
    body: template('body'),
  })
  .transform(
    ({ type, block_document_id, subject, body }): Action => ({
      type,
      blockDocumentId: block_document_id,
      subject,
      body,
    }),
  )
  .meta({ id: 'SendNotification' });

/** An object is taken as the text that Prefect writes for it. */
const payload = z.preprocess(
  (sent) =>
    sent === undefined || sent === null ? '' : typeof sent === 'string' ? sent : JSON.stringify(sent, undefined, 2),
  template('payload'),
);

const callWebhook = z
  .object({ type: z.literal('call-webhook'), block_document_id: uuid, payload: payload.default('') })
  .transform((sent): Action => ({ type: sent.type, blockDocumentId: sent.block_document_id, payload: sent.payload }))
  .meta({ id: 'CallWebhook' });

const schemas = {
  'do-nothing': plainAction,
  'run-deployment': runDeployment,
  'pause-deployment': deploymentSwitch,
  'resume-deployment': deploymentSwitch,
  'cancel-flow-run': plainAction,
  'delete-flow-run': plainAction,
  'suspend-flow-run': plainAction,
  'resume-flow-run': plainAction,
  'change-flow-run-state': changeState,
  'pause-work-queue': workQueueSwitch,
  'resume-work-queue': workQueueSwitch,
  'pause-work-pool': workPoolSwitch,
  'resume-work-pool': workPoolSwitch,
  'pause-automation': automationSwitch,
  'resume-automation': automationSwitch,
  'send-notification': sendNotification,
  'call-webhook': callWebhook,
} as const satisfies Record<Action['type'], z.ZodType<Action>>;

function isActionType(type: unknown): type is Action['type'] {
  return typeof type === 'string' && Object.hasOwn(schemas, type);
}

export const action: z.ZodType<Action, unknown> = z
  .unknown()
  .transform((sent, context): Action => {
    if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
      return refuse(context, 'Input should be a valid dictionary');
    }
    const type = 'type' in sent ? sent.type : guessedType(sent);
    if (type === 'declare-incident') {
      return refuse(context, "the action 'declare-incident' belongs to Prefect Cloud: wanted one of the other actions");
    }
    if (!isActionType(type)) {
      return refuse(
        context,
        `Input should be one of ${Object.keys(schemas)
          .map((name) => `'${name}'`)
          .join(', ')}`,
      );
    }
    const parsed = schemas[type].safeParse({ ...sent, type });
    if (parsed.success) return parsed.data;
    for (const { path, message, ...rest } of parsed.error.issues) context.addIssue({ ...rest, path, message });
    return z.NEVER;
  })
  .meta({ id: 'Action', override: { type: 'object' } });

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message, path: ['type'] });
  return z.NEVER;
}

/** Which action is meant when the type is left out. */
const fieldTypes: readonly (readonly [field: string, type: Action['type']])[] = [
  ['state', 'change-flow-run-state'],
  ['body', 'send-notification'],
  ['subject', 'send-notification'],
  ['block_document_id', 'call-webhook'],
  ['work_pool_id', 'pause-work-pool'],
  ['work_queue_id', 'pause-work-queue'],
  ['automation_id', 'pause-automation'],
  ['deployment_id', 'run-deployment'],
  ['parameters', 'run-deployment'],
  ['job_variables', 'run-deployment'],
  ['schedule_after', 'run-deployment'],
  ['source', 'run-deployment'],
];

function guessedType(sent: object): Action['type'] {
  return fieldTypes.find(([field]) => field in sent)?.[1] ?? 'do-nothing';
}

/** What is answered: an action with all its fields. */
export const actionOut = jsonObject
  .refine((value) => isActionType(value['type']), { message: 'an action has a type' })
  .meta({ id: 'Action-Output' });
