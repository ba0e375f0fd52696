// A run whose engine gives no sign of life although its task lives, or that nobody else can ask after: an event tells of
// it, and the task is stopped only where its pool says so (design rule 12).
import type { Deployment, WorkPool } from '../domain/catalogue.ts';
import { silentRunEvent } from '../domain/event/silent-run-event.ts';
import type { Silence } from '../domain/run/liveness.ts';
import type { Run } from '../domain/run/run.ts';
import { whenSilent } from '../domain/task/when-silent.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { EventSink } from '../ports/events.ts';
import { askEcs, stopTask, type VisitDeps, visitAttempt } from './visit-attempt.ts';

export type TellDeps = {
  readonly world: VisitDeps['world'];
  readonly catalogue: Pick<Catalogue, 'deployments' | 'workPools'>;
  readonly eventSink: EventSink;
};

type Around = { readonly deployment: Deployment | undefined; readonly workPool: WorkPool | undefined };

async function readAround({ catalogue }: TellDeps, { deploymentId, workPoolName }: Run): Promise<Around> {
  const [deployment, workPool] = await Promise.all([
    deploymentId === undefined ? undefined : catalogue.deployments.read(deploymentId),
    workPoolName === undefined ? undefined : catalogue.workPools.read(workPoolName),
  ]);
  return { deployment, workPool };
}

export async function tellSilence(deps: TellDeps, run: Run, silence: Silence): Promise<Around> {
  const around = await readAround(deps, run);
  await deps.eventSink.send([silentRunEvent(deps.world.sha256, { run, silence, ...around }, deps.world.now())]);
  return around;
}

/** ECS is asked first: a task that has stopped ends its run, and nobody is told of a silence. */
export async function judgeSilent(deps: VisitDeps & TellDeps, run: Run, silence: Silence): Promise<void> {
  const id = { runId: run.id, attempt: run.attempt };
  const before = await deps.runs.readAttempt(run.id, run.attempt);
  if (before !== undefined && before.closed === undefined) await askEcs(deps, before);
  await visitAttempt(deps, id);
  const [now, attempt] = await Promise.all([deps.runs.read(run.id), deps.runs.readAttempt(run.id, run.attempt)]);
  const isAlive = attempt?.closed === undefined && attempt?.missingSince === undefined;
  if (attempt === undefined || now?.state.id !== run.state.id || !isAlive) return;
  const around = await tellSilence(deps, run, silence);
  if (attempt.stopRequested === undefined && (await isToStop(deps, run, around))) {
    await stopTask(deps, attempt, 'silent');
  }
}

async function isToStop(deps: VisitDeps, run: Run, { deployment, workPool }: Around): Promise<boolean> {
  const { jobVariables } = await deps.runs.readBody(run);
  const template = workPool?.baseJobTemplate ?? {};
  return whenSilent({ template, deployment: deployment?.jobVariables ?? {}, run: jobVariables }) === 'stop';
}
