// Changes what a run says of itself, never its state (PATCH /flow_runs/{id} and /labels).
import type { JsonObject } from '../domain/json.ts';
import type { EmpiricalPolicy, Run, RunBody } from '../domain/run/run.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import { ContentionError, maximumRaces } from './change-run.ts';

export type RunPatch = {
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly parameters?: JsonObject;
  readonly jobVariables?: JsonObject;
  /** Merged into the labels that are there. */
  readonly labels?: JsonObject;
  readonly empiricalPolicy?: EmpiricalPolicy;
  /** `null` takes it away. */
  readonly flowVersion?: string | null;
  readonly infrastructurePid?: string | null;
};

export type PatchDeps = { readonly runs: Runs; readonly world: Pick<World, 'now' | 'newId'> };

/** @returns the changed run, or undefined when there is none */
export async function patchRun(deps: PatchDeps, runId: string, patch: RunPatch): Promise<Run | undefined> {
  const bodyId = deps.world.newId();
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(runId);
    if (run === undefined) return undefined;
    const head = { ...patchedHead(run, patch), updated: deps.world.now() };
    const { body: _small, ...large } = head;
    const after = touchesBody(patch) ? { ...large, bodyId } : head;
    if (touchesBody(patch)) await deps.runs.writeBody(runId, bodyId, patchedBody(await deps.runs.readBody(run), patch));
    if ((await deps.runs.change(run, after)) === 'written') return { ...after, version: run.version + 1 };
  }
  throw new ContentionError(`run ${runId}`);
}

function touchesBody({ parameters, jobVariables, labels, flowVersion }: RunPatch): boolean {
  return [parameters, jobVariables, labels, flowVersion].some((value) => value !== undefined);
}

function patchedHead(run: Run, { name, tags, empiricalPolicy, infrastructurePid }: RunPatch): Run {
  // Rule 9: whether a retry lives in its engine or waits for a new attempt is decided here, not by the client's copy.
  const policy: EmpiricalPolicy | undefined =
    empiricalPolicy === undefined
      ? undefined
      : {
          ...empiricalPolicy,
          pauseKeys: run.empiricalPolicy.pauseKeys,
          resuming: run.empiricalPolicy.resuming,
          ...(run.empiricalPolicy.retryType === undefined ? {} : { retryType: run.empiricalPolicy.retryType }),
        };
  // A push run's task is known from ECS; nobody else may say where it runs.
  const pid = run.launched ? undefined : infrastructurePid;
  const { infrastructurePid: _former, ...rest } = run;
  return {
    ...(pid === null ? rest : run),
    ...(name === undefined ? {} : { name }),
    ...(tags === undefined ? {} : { tags }),
    ...(policy === undefined ? {} : { empiricalPolicy: policy }),
    ...(pid === undefined || pid === null ? {} : { infrastructurePid: pid }),
  };
}

function patchedBody(body: RunBody, { parameters, jobVariables, labels, flowVersion }: RunPatch): RunBody {
  const { flowVersion: _former, ...rest } = body;
  return {
    ...(flowVersion === null ? rest : body),
    ...(parameters === undefined ? {} : { parameters }),
    ...(jobVariables === undefined ? {} : { jobVariables }),
    ...(labels === undefined ? {} : { labels: { ...body.labels, ...labels } }),
    ...(flowVersion === undefined || flowVersion === null ? {} : { flowVersion }),
  };
}
