// Somebody else who is always a moment faster: right before one conditional write of the program he changes what that
// write is conditional on, so that it loses its race for real.
import type { Attempt } from '../../../shared/domain/run/attempt.ts';
import type { Admission } from '../../../shared/ports/admission.ts';
import type { Runs } from '../../../shared/ports/runs.ts';
import type { StageStores } from './stage.ts';

export type Meddler = {
  readonly between: (stores: StageStores) => StageStores;
  /** Starts counting: what came before was the setting of the scene. */
  begin(): void;
  /** The program's conditional writes so far, by name. */
  readonly writes: readonly string[];
};

/** Meddles with the write of this number, counted from 0; with none when it is absent. */
export function meddler(target?: number): Meddler {
  const writes: string[] = [];
  let hasBegun = false;

  const before = async (name: string, meddle: () => Promise<unknown>): Promise<void> => {
    if (hasBegun && writes.push(name) - 1 === target) await meddle();
  };

  return {
    writes,
    begin: () => {
      hasBegun = true;
    },
    between: ({ runs, admission }) => ({
      runs: meddledRuns(runs, before),
      admission: meddledAdmission(admission, before),
    }),
  };
}

type Before = (name: string, meddle: () => Promise<unknown>) => Promise<void>;

/** A change that nobody minds: only the version is another. */
const touchHead = async (runs: Runs, id: string): Promise<void> => {
  const run = await runs.read(id);
  if (run !== undefined) await runs.change(run, run);
};
const touchAttempt = async (runs: Runs, { runId, number }: Attempt): Promise<void> => {
  const attempt = await runs.readAttempt(runId, number);
  if (attempt !== undefined) await runs.changeAttempt(attempt, attempt);
};

function meddledRuns(runs: Runs, before: Before): Runs {
  return {
    ...runs,
    async change(run, after, along) {
      await before('change', () => touchHead(runs, run.id));
      return runs.change(run, after, along);
    },
    async openAttempt(run, after, opening) {
      await before('openAttempt', () => touchHead(runs, run.id));
      return runs.openAttempt(run, after, opening);
    },
    async closeAttempt(attempt, run) {
      await before('closeAttempt', () => touchAttempt(runs, attempt.before));
      return runs.closeAttempt(attempt, run);
    },
    async changeAttempt(attempt, after) {
      await before('changeAttempt', () => touchAttempt(runs, attempt));
      return runs.changeAttempt(attempt, after);
    },
    async remove(run, attempt) {
      await before('remove', () => touchHead(runs, run.id));
      return runs.remove(run, attempt);
    },
  };
}

function meddledAdmission(admission: Admission, before: Before): Admission {
  return {
    ...admission,
    async write(seen, after) {
      await before('admission', async () => {
        const stored = await admission.read();
        if (stored !== undefined) await admission.write(stored, stored);
      });
      return admission.write(seen, after);
    },
  };
}
