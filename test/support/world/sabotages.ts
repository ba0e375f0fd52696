// Guards, switched off one at a time from outside: by wrapping what the use cases are given or what lies below the stores.
// Each names the file and the guard, and the invariant that must catch it.
import type { Attempt } from '../../../shared/domain/run/attempt.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { AdmissionState } from '../../../shared/domain/submit/admission.ts';
import type { Runs } from '../../../shared/ports/runs.ts';
import type { Execute } from './clients.ts';
import type { CallInput } from './database-types.ts';
import type { Invariant } from './invariants.ts';
import type { Deps } from './wiring.ts';
import type { Sabotage } from './world.ts';

export type NamedSabotage = Sabotage & {
  readonly file: string;
  readonly guard: string;
  readonly caughtBy: readonly Invariant[];
  /** Where few seeds notice: one that did, which is played first. */
  readonly seed?: number;
};

type RunsChange = (runs: Runs) => Partial<Runs>;

const withRuns = (change: RunsChange, steps?: readonly string[]) => (deps: Deps, step: string) =>
  steps === undefined || steps.includes(step) ? { ...deps, runs: { ...deps.runs, ...change(deps.runs) } } : deps;
/** `submit` reads another admission item than is there. */
const withAdmission = (change: (state: AdmissionState) => AdmissionState) => (deps: Deps, step: string) => {
  const { admission } = deps;
  const read = async () => mutable(await admission.read(), change);
  return step === 'submit' ? { ...deps, admission: { ...admission, read } } : deps;
};

/** Changes each write of the database, those inside transactions too. */
function eachWrite(change: (kind: string, input: CallInput) => CallInput | undefined) {
  return (execute: Execute): Execute =>
    (operation, input, by) => {
      const items = input.TransactItems;
      if (items !== undefined) {
        const changed = items.flatMap((one) => {
          const [[kind, write] = ['', undefined]] = Object.entries(one);
          const after = write === undefined ? undefined : change(kind, write);
          return after === undefined ? [] : [{ [kind]: after }];
        });
        return changed.length === 0 ? {} : execute(operation, { ...input, TransactItems: changed }, by);
      }
      if (!['Put', 'Update', 'Delete'].includes(operation)) return execute(operation, input, by);
      const after = change(operation, input);
      return after === undefined ? {} : execute(operation, after, by);
    };
}

const keyOf = ({ Item, Key }: CallInput) => ({ pk: String((Key ?? Item)?.['pk']), sk: String((Key ?? Item)?.['sk']) });
const isHead = (input: CallInput) => keyOf(input).pk.startsWith('run#') && keyOf(input).sk === 'head';

function unconditional({ ConditionExpression: _condition, ...input }: CallInput): CallInput {
  return input;
}

const mutable = <T extends object>(value: T | undefined, change: (value: T) => T): T | undefined =>
  value === undefined ? undefined : change(value);

const withoutInProcess = (run: Run): Run => {
  const { retryType, ...policy } = run.empiricalPolicy;
  return retryType === 'in_process' ? { ...run, empiricalPolicy: policy } : run;
};

const withoutNote = (run: Run): Run => {
  const { noteOfNext: _note, ...rest } = run as Run & { noteOfNext?: number };
  return rest;
};

async function* nothing(): AsyncGenerator<never> {}

export const sabotages: Readonly<Record<string, NamedSabotage>> = {
  'no-token': {
    file: 'shared/use-cases/launch-attempt.ts',
    guard: 'RunTask carries the client token of its try',
    caughtBy: ['an attempt has one task at most'],
    ecs: (service) => (operation, input) => {
      const { clientToken: _token, ...rest } = Object(input);
      return service(operation, operation === 'RunTask' ? rest : input);
    },
  },
  'new-token-on-unknown-outcome': {
    file: 'shared/use-cases/repeat-launch.ts',
    guard: 'an unknown outcome repeats the same try',
    caughtBy: ['an attempt has one task at most'],
    deps: (deps) => ({
      ...deps,
      tasks: {
        ...deps.tasks,
        run: (request, token) => deps.tasks.run(request, `${token.slice(0, 50)}.${deps.world.newId().slice(-8)}`),
      },
    }),
  },
  'no-version-check': {
    file: 'shared/adapters/dynamodb/head-writes.ts',
    guard: 'a head is written under the version that was read',
    caughtBy: ['no write is lost', 'no transition is illegal'],
    execute: eachWrite((_, input) => (isHead(input) ? unconditional(input) : input)),
  },
  'no-attempt-version-check': {
    file: 'shared/adapters/dynamodb/head-writes.ts',
    guard: 'an attempt is written under the version that was read',
    caughtBy: ['no write is lost'],
    execute: eachWrite((_, input) => (keyOf(input).sk.startsWith('attempt#') ? unconditional(input) : input)),
  },
  'no-fence': {
    file: 'shared/domain/run/rules-ours.ts',
    guard: 'FenceAttempts: words of an attempt that is over never move the run',
    caughtBy: ['no word of a stale attempt takes effect'],
    isUnfenced: true,
  },
  'ignore-retry-type': {
    file: 'shared/domain/run/attempt-step.ts',
    guard: 'a retry inside its living engine is left to it',
    caughtBy: ['only tasks that nobody wants are stopped'],
    seed: 24,
    deps: withRuns(
      (runs) => ({
        read: async (id) => mutable(await runs.read(id), withoutInProcess),
        readMany: async (ids) => (await runs.readMany(ids)).map(withoutInProcess),
      }),
      ['observe', 'submit'],
    ),
  },
  'open-attempt-not-checked': {
    file: 'shared/use-cases/claim-run.ts',
    guard: 'a claim needs the former attempt closed',
    caughtBy: ['a run has one open attempt at most'],
    deps: withRuns(
      (runs) => ({
        readMany: async (ids) => (await runs.readMany(ids)).map((run) => ({ ...run, isAttemptOpen: false })),
        readAttempt: async (runId, number) => {
          const attempt = await runs.readAttempt(runId, number);
          const closed = { at: 0, end: 'stopped' } as const;
          return attempt === undefined || attempt.taskArn === undefined ? attempt : { ...attempt, closed };
        },
      }),
      ['submit'],
    ),
  },
  'hint-only': {
    file: 'shared/use-cases/keep-time.ts',
    guard: 'the clock visits every open obligation',
    caughtBy: ['every accepted run ended'],
    hasNoClock: true,
  },
  'no-sweep': {
    file: 'shared/use-cases/keep-time.ts',
    guard: 'the sweep compares the tasks that ECS lists with the open attempts',
    caughtBy: ['every accepted run ended'],
    deps: (deps, step) =>
      step === 'clock'
        ? {
            ...deps,
            runs: { ...deps.runs, openAttempts: nothing },
            tasks: { ...deps.tasks, runningPages: nothing },
          }
        : deps,
  },
  'lease-not-checked': {
    file: 'shared/adapters/dynamodb/admission.ts',
    guard: 'the lease and the reservations are written under the version that was read',
    caughtBy: ['no write is lost'],
    execute: eachWrite((_, input) => (keyOf(input).pk === 'admission' ? unconditional(input) : input)),
  },
  'index-trusted': {
    file: 'shared/use-cases/claim-run.ts',
    guard: 'a claim decides on the run itself, not on the index',
    caughtBy: ['no transition is illegal', 'a run has one open attempt at most'],
    deps: withRuns(
      (runs) => ({
        readMany: async (ids) =>
          (await runs.readMany(ids)).map((run) => ({
            ...run,
            isAttemptOpen: false,
            state: { ...run.state, type: 'SCHEDULED' as const },
          })),
        readAttempt: async () => undefined,
      }),
      ['submit'],
    ),
  },
  'missing-once-is-gone': {
    file: 'shared/use-cases/visit-attempt.ts',
    guard: 'a task that ECS does not know counts as gone only when it is old and was missing twice',
    caughtBy: ['an attempt is closed only when its task is known to be over'],
    deps: withRuns(
      (runs) => ({
        readAttempt: async (runId, number) =>
          mutable(
            await runs.readAttempt(runId, number),
            (attempt): Attempt => ({
              ...attempt,
              missingSince: 0,
              openedAt: 0,
              currentTry: { ...attempt.currentTry, lastSentAt: 0 },
            }),
          ),
      }),
      ['observe'],
    ),
  },
  'transition-id-ignored': {
    file: 'shared/domain/run/rules-prefect.ts',
    guard: 'PreventDuplicateTransitions: a repeat finds what came of its first sending',
    caughtBy: ['no user retry is lost'],
    seed: 27,
    hasNoTransitionIds: true,
  },
  'no-attempt-deadline': {
    file: 'shared/adapters/dynamodb/run-items.ts',
    guard: 'every open attempt stands in the index of deadlines',
    caughtBy: ['every accepted run ended'],
    execute: eachWrite((_, input) => {
      if (!keyOf(input).sk.startsWith('attempt#') || input.Item === undefined) return input;
      const { due_key: _due, ...item } = input.Item;
      return { ...input, Item: item };
    }),
  },
  'no-tombstone': {
    file: 'shared/adapters/dynamodb/runs.ts',
    guard: 'attempt numbers never repeat for an id that was deleted',
    // The former life's attempt still stands where the new one would: it never comes to be.
    caughtBy: ['every accepted run ended', 'attempt numbers never repeat'],
    execute: eachWrite((_, input) => {
      const { Item } = input;
      if (!isHead(input) || Item === undefined) return input;
      return Item['last_attempt'] === undefined ? input : { ...input, Item: { ...Item, last_attempt: 0 } };
    }),
  },
  'crash-not-held': {
    file: 'shared/use-cases/record-state.ts',
    guard: 'a Crashed of a living engine is held until ECS decides',
    caughtBy: ['a crash is believed only when the task is over'],
    deps: withRuns(
      (runs) => ({
        readAttempt: async (runId, number) =>
          mutable(await runs.readAttempt(runId, number), (attempt): Attempt => ({ ...attempt, reports: 'exit-code' })),
      }),
      ['api'],
    ),
  },
  'no-checkpoint': {
    file: 'shared/adapters/dynamodb/counters.ts',
    guard: 'a batch of the stream that comes twice counts once',
    caughtBy: ['counters equal the truth'],
    deps: (deps) => ({ ...deps, counters: { ...deps.counters, checkpoint: async () => undefined } }),
    execute: eachWrite((_, input) => (keyOf(input).pk === 'checkpoint' ? unconditional(input) : input)),
  },
  'key-ignored': {
    file: 'shared/use-cases/trigger-run.ts',
    guard: 'the id of a run is made of its flow and key',
    caughtBy: ['a key starts one run'],
    deps: withRuns((runs) => ({
      create: (run, body, options) =>
        runs.create({ ...run, id: `${run.id.slice(0, -8)}${run.bodyId.slice(-8)}` }, body, options),
    })),
  },
  'gate-not-checked': {
    file: 'shared/adapters/dynamodb/slot-writes.ts',
    guard: 'slots are taken under the version of the gate that was read',
    caughtBy: ['no limit is exceeded'],
    execute: eachWrite((_, input) => (keyOf(input).sk === 'gate' ? unconditional(input) : input)),
  },
  'slot-kept': {
    file: 'shared/adapters/dynamodb/head-writes.ts',
    guard: 'a slot is given back in the write that ends the right to it',
    caughtBy: ['no slot outlives its right'],
    execute: (execute) => (operation, input, by) => {
      const kept = input.TransactItems?.filter(
        ({ Delete: given }) => given === undefined || !keyOf(given).sk.startsWith('holder#'),
      );
      return execute(operation, kept === undefined ? input : { ...input, TransactItems: kept }, by);
    },
  },
  'freeze-ignored': {
    file: 'shared/domain/submit/admission.ts',
    guard: 'nothing is reserved while launches are frozen',
    caughtBy: ['nothing is launched while launches are frozen'],
    deps: withAdmission(({ freeze: _freeze, ...state }) => state),
  },
  'restore-not-noticed': {
    file: 'shared/adapters/dynamodb/admission.ts',
    guard: 'a restored table is frozen until it is matched with ECS',
    caughtBy: ['nothing is launched while launches are frozen'],
    deps: withAdmission(({ restored: _restored, ...state }) => state),
  },
  'former-life-believed': {
    file: 'shared/domain/run/rules-ours.ts',
    guard: 'words of the attempt of a deleted run mean nothing for a run of the same id',
    caughtBy: ['no word of a stale attempt takes effect', 'a crash is believed only when the task is over'],
    seed: 209,
    deps: withRuns((runs) => ({
      read: async (id) => mutable(await runs.read(id), ({ formerLife: _life, ...run }) => run),
    })),
  },
  'unknown-fields-dropped': {
    file: 'shared/adapters/dynamodb/run-items.ts',
    guard: 'what another release noted in a head is written back',
    caughtBy: ['a field of another release is kept'],
    deps: withRuns((runs) => ({
      change: (before, after, along) => runs.change(before, withoutNote(after), along),
    })),
  },
};
