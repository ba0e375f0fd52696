// Flow runs, many at once: deleted, moved; and paused ones, resumed with the input that they wait for.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { flowRunActionRoutes } from '../../../shared/contract/flow-run-actions.ts';
import type { RunFilters } from '../../../shared/domain/filter/run-filter.ts';
import type { RunInput } from '../../../shared/ports/run-inputs.ts';
import type { StateRequest } from '../../../shared/use-cases/record-state.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound, Refusal } from '../refusal.ts';
import { orNone } from '../wire/present.ts';
import { proposedState, verdictToWire } from '../wire/states.ts';
import { isoText } from '../wire/times.ts';
import { findRuns } from './find-runs.ts';

const missing = 'Flow run not found';
const missingInput = 'Flow run input not found';
/** DynamoDB takes 1,024 bytes of sort key. */
const longestKeyBytes = 900;

/** Runs are taken one after the other: what one of them meets leaves the others alone. */
async function idsOf(deps: ApiDeps, filter: RunFilters['flow_runs'], limit: number): Promise<readonly string[]> {
  const filters = filter === undefined || filter === null ? {} : { flow_runs: filter };
  const runs = await findRuns(deps, { filters, sort: 'ID_DESC', window: { offset: 0, limit } });
  return runs.map(({ id }) => id);
}

/** One run's outcome; what goes wrong with it is said in its own words, as Prefect does. */
async function setOne(deps: ApiDeps, request: StateRequest) {
  const { runId } = request;
  const abort = (reason: string) => ({ type: 'abort_details', reason }) as const;
  try {
    const answer = await deps.useCases.recordState(request);
    if (answer !== undefined) return { flow_run_id: runId, ...verdictToWire(answer, runId) };
    const gone = abort(`Flow run with id ${runId} not found`);
    return { flow_run_id: runId, status: 'ABORT' as const, state: null, details: gone };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { flow_run_id: runId, status: 'ABORT' as const, state: null, details: abort(reason) };
  }
}

function inputToWire({ id, created, runId, key, value, sender }: RunInput) {
  const at = isoText(created);
  return { id, created: at, updated: at, flow_run_id: runId, key, value, sender: sender ?? null };
}

export const flowRunActionHandlers = {
  async resume_flow_run({ params, body, client }, deps) {
    const runInput = orNone(body.run_input);
    const answer = await deps.useCases.resumeRun({
      runId: params.id,
      ...(runInput === undefined ? {} : { runInput }),
      ...(client.version === undefined ? {} : { clientVersion: client.version }),
    });
    const given = found(answer, missing);
    const value = verdictToWire(given, params.id);
    if (given.saysAbort !== true) return { isNew: given.isNewState, value };
    return { isNew: false, value: { ...value, details: { type: 'abort_details', reason: given.reason ?? null } } };
  },

  async bulk_delete_flow_runs({ body }, deps) {
    const deleted: string[] = [];
    for (const id of await idsOf(deps, body.flow_runs, body.limit)) {
      if (await deps.useCases.deleteRun(id)) deleted.push(id);
    }
    return { deleted };
  },

  async bulk_set_flow_run_state({ body, caller, client }, deps) {
    const proposed = proposedState(body.state, deps.world.now());
    const results = [];
    for (const runId of await idsOf(deps, body.flow_runs, body.limit)) {
      const request = {
        runId,
        proposed,
        force: body.force,
        ...(caller === undefined ? {} : { caller }),
        ...(client.version === undefined ? {} : { clientVersion: client.version }),
      };
      results.push(await setOne(deps, request));
    }
    return { results };
  },

  async create_flow_run_input({ params, body }, { runInputs, world }) {
    const { key, value } = body;
    const bytes = Buffer.byteLength(key);
    if (bytes > longestKeyBytes) {
      throw new Refusal('invalid_request', `the key has ${bytes} bytes, at most ${longestKeyBytes} are taken`);
    }
    const sender = orNone(body.sender);
    const outcome = await runInputs.create({
      id: world.newId(),
      created: world.now(),
      runId: params.id,
      key,
      value,
      ...(sender === undefined ? {} : { sender }),
    });
    if (outcome === 'no-run') throw notFound(missing);
    if (outcome === 'exists') throw new Refusal('conflict', 'A flow run input with this key already exists.');
    return null;
  },

  async filter_flow_run_input({ params, body }, { runInputs }) {
    const inputs = await runInputs.list(params.id, body.prefix);
    const wanted = inputs.filter(({ key }) => !body.exclude_keys.includes(key));
    // A negative limit is none, as in SQL.
    return (body.limit < 0 ? wanted : wanted.slice(0, body.limit)).map(inputToWire);
  },

  async read_flow_run_input({ params }, { runInputs }) {
    return found(await runInputs.read(params.id, params.key), missingInput).value;
  },

  async delete_flow_run_input({ params }, { runInputs }) {
    if (!(await runInputs.remove(params.id, params.key))) throw notFound(missingInput);
  },
} satisfies Handlers<typeof flowRunActionRoutes, ApiDeps>;
