// Invocations of the Lambdas: each in an execution environment of its own, kept warm for the next one, with its own clock;
// a crash or the time-out ends the environment, and whoever waits is told only that no answer came.
import { lambdas as settings } from '../../../shared/config/resources.ts';
import type { Dice } from '../../differential/sequences/dice.ts';
import { kill, type Program, type Release } from './calls.ts';
import type { Kernel } from './kernel.ts';
import type { Deps } from './wiring.ts';

export type Step = keyof typeof settings;

export type Invoked<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'died' };

export type Lambdas = {
  invoke<T>(step: Step, act: (deps: Deps) => Promise<T>): Promise<Invoked<T>>;
  /** All that runs dies, and whatever comes is taken by fresh environments. */
  replaceAll(): void;
};

export type LambdaOptions = {
  readonly kernel: Kernel;
  readonly dice: Dice;
  /** How far clocks of environments may be apart at most, in milliseconds. */
  readonly skewMs: number;
  /** Every second environment is of this release. @default all are of one */
  readonly beside?: Release;
  readonly wire: (program: Program) => Deps;
};

type Environment = { readonly program: Program; readonly deps: Deps };

export function createLambdas({ kernel, dice, skewMs, beside, wire }: LambdaOptions): Lambdas {
  const idle = new Map<Step, Environment[]>();
  const busy = new Set<Program>();
  let started = 0;

  const start = (step: Step): Environment => {
    started += 1;
    const skew = dice.whole(-skewMs, skewMs);
    const release = beside !== undefined && dice.once(2) ? beside : 'this';
    const program: Program = { step, name: `${step}-${started}`, skewMs: skew, release, isDead: false };
    return { program, deps: wire(program) };
  };

  const warm = (step: Step): Environment => {
    const there = idle.get(step) ?? [];
    // Now and then the platform takes a fresh one. What an invocation left behind may have ended its environment since.
    let known = dice.once(12) ? undefined : there.pop();
    while (known?.program.isDead === true) known = there.pop();
    return known ?? start(step);
  };

  return {
    invoke(step, act) {
      const environment = warm(step);
      const { program } = environment;
      busy.add(program);
      return new Promise((resolve) => {
        let isOver = false;
        const end = (outcome: Parameters<typeof resolve>[0]) => {
          if (isOver) return;
          isOver = true;
          busy.delete(program);
          resolve(outcome);
        };
        program.onDeath = () => end({ kind: 'died' });
        kernel.at(kernel.now() + settings[step].timeoutSeconds * 1000, () => {
          if (!isOver) void kill(program);
        });
        const back = () => {
          if (!program.isDead) idle.set(step, [...(idle.get(step) ?? []), environment]);
        };
        act(environment.deps).then(
          (value) => {
            back();
            end({ kind: 'done', value });
          },
          (error: unknown) => {
            back();
            end({ kind: 'failed', error });
          },
        );
      });
    },
    replaceAll() {
      idle.clear();
      for (const program of busy) void kill(program);
    },
  };
}
