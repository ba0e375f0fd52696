// Lets a paused run go on (POST /flow_runs/{id}/resume): the input it waits for is checked first, and kept in the very
// write that moves the run, since the run reads it as soon as it goes on. A repeat finds the run no longer paused.
import { checkParameters, schemaProblem } from '../domain/deployment/parameters.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { ProposedState, State } from '../domain/run/state.ts';
import { isJsonObject } from '../domain/template/json-value.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { RunInput, RunInputs } from '../ports/run-inputs.ts';
import { hydrateValues } from './hydrate-values.ts';
import { type RecordDeps, recordState, type StateAnswer } from './record-state.ts';

export type ResumeDeps = RecordDeps & {
  readonly runInputs: Pick<RunInputs, 'read'>;
  readonly catalogue: Pick<Catalogue, 'variables'>;
};

export type ResumeRequest = {
  readonly runId: string;
  readonly runInput?: JsonObject;
  readonly clientVersion?: string;
};

/** A refusal of the input is REJECT with the words of an abort, as Prefect answers it. */
export type ResumeAnswer = StateAnswer & { readonly saysAbort?: true };

/** @returns undefined when there is no such run */
export async function resumeRun(deps: ResumeDeps, request: ResumeRequest): Promise<ResumeAnswer | undefined> {
  const run = await deps.runs.read(request.runId);
  if (run === undefined) return undefined;
  const { state } = run;
  if (state.type !== 'PAUSED') {
    const reason = 'Cannot resume a flow run that is not paused.';
    return { status: 'ABORT', state: undefined, isNewState: false, reason };
  }
  const keys = keysOf(state);
  const input = keys === undefined ? undefined : await checkedInput(deps, request, keys.schema);
  if (typeof input === 'string') {
    return { status: 'REJECT', state, isNewState: false, reason: input, saysAbort: true };
  }
  const { runId, clientVersion } = request;
  const version = clientVersion === undefined ? {} : { clientVersion };
  const proposed = goingOn(state, deps.world.now());
  const isAnswer = keys !== undefined && input !== undefined && Object.keys(input).length > 0;
  const along = isAnswer ? { input: responseOf(deps, { runId, key: keys.response, input }) } : {};
  return recordState(deps, { runId, proposed, force: false, ...version, ...along });
}

function goingOn({ details }: State, now: number): ProposedState {
  return details.pauseReschedule === true
    ? { type: 'SCHEDULED', name: 'Resuming', details: { scheduledTime: now } }
    : { type: 'RUNNING', name: 'Running', details: {} };
}

type Keys = { readonly schema: string; readonly response: string };

function keysOf({ details }: State): Keys | undefined {
  const keyset: Json | undefined = details.other?.['run_input_keyset'];
  if (!isJsonObject(keyset)) return undefined;
  const { schema, response } = keyset;
  return typeof schema === 'string' && typeof response === 'string' ? { schema, response } : undefined;
}

/** The input as the run will read it, or why it cannot be taken. */
async function checkedInput(
  deps: ResumeDeps,
  { runId, runInput = {} }: ResumeRequest,
  schemaKey: string,
): Promise<JsonObject | string> {
  const hydrated = await hydrateValues(deps, runInput);
  if (hydrated.kind === 'problem') return `Error hydrating run input: ${hydrated.problem}`;
  const filled = hydrated.values;
  const kept = await deps.runInputs.read(runId, schemaKey);
  if (kept === undefined) return 'Run input schema not found.';
  const schema = parsed(kept.value);
  if (!isJsonObject(schema)) return 'Run input schema is not valid JSON.';
  const problem = schemaProblem(schema);
  if (problem !== undefined) return `Invalid schema: ${problem}`;
  const problems = checkParameters(schema, filled);
  return problems.length === 0 ? filled : `Reason: ${problems.join('; ')}`;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function responseOf(
  { world }: Pick<ResumeDeps, 'world'>,
  { runId, key, input }: { readonly runId: string; readonly key: string; readonly input: JsonObject },
): RunInput {
  return { id: world.newId(), created: world.now(), runId, key, value: JSON.stringify(input) };
}
