// The road of an AWS call from a program to the service and back: latency, the SDK's own repeats, and the faults of the
// seed's plan. What a dead program asked for takes effect all the same; its answers reach nobody.
import type { Dice } from '../../differential/sequences/dice.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Kernel } from './kernel.ts';

/** Which release of this program, as seen from this one. */
export type Release = 'former' | 'this' | 'next';

/** A program: one execution environment of a Lambda, or somebody outside. */
export type Program = {
  readonly step: string;
  readonly name: string;
  /** How far its clock is ahead, in milliseconds. */
  readonly skewMs: number;
  readonly release: Release;
  isDead: boolean;
  /** Told once, at its death. */
  onDeath?: () => void;
};

/** An error as the SDK would throw it. */
export type CallError = { readonly kind: 'throttle' | 'server' | 'timeout' | 'conflict'; readonly operation: string };

export type Road = {
  readonly service: 'dynamodb' | 'ecs' | 's3' | 'sqs';
  /** How often the SDK sends a call at most. */
  readonly maxAttempts: number;
  readonly latencyMs: readonly [low: number, high: number];
  /** The SDK's request time-out. */
  readonly timeoutMs: number;
  readonly errorOf: (error: CallError) => Error;
  /** Whether an answer of the service itself is sent again by the SDK. */
  readonly isRepeated?: (error: unknown) => boolean;
};

export type CallOptions = { readonly kernel: Kernel; readonly dice: Dice; readonly faults: FaultPlan };

export type Call = {
  readonly program: Program;
  readonly road: Road;
  readonly operation: string;
  /** Takes effect and answers, or throws what the service says. */
  readonly effect: () => object | Promise<object>;
};

type Outcome = { readonly answer: object } | { readonly error: unknown; readonly mayRepeat: boolean };

/** What a dead program waits for: one of its own, since a promise that never settles keeps all who wait for it. */
export const forever = () => new Promise<never>(() => undefined);

export function kill(program: Program): Promise<never> {
  if (!program.isDead) {
    program.isDead = true;
    program.onDeath?.();
  }
  return forever();
}

/** Makes a call as the SDK does; never answers a program that is dead. */
export async function makeCall(options: CallOptions, call: Call): Promise<object> {
  const { kernel } = options;
  for (let attempt = 1; ; attempt += 1) {
    if (call.program.isDead) return forever();
    const outcome = await once(options, call);
    if (call.program.isDead) return forever();
    if ('answer' in outcome) return outcome.answer;
    if (!outcome.mayRepeat || attempt >= call.road.maxAttempts) throw outcome.error;
    await kernel.sleep(50 * 2 ** attempt);
  }
}

async function once({ kernel, dice, faults }: CallOptions, call: Call): Promise<Outcome> {
  const { program, road, operation } = call;
  const fault = faults.onCall(program.step, operation);
  if (fault === 'crash-before') return kill(program);
  const there = dice.whole(...road.latencyMs);
  const back = dice.whole(...road.latencyMs) + (fault === 'slow' ? Math.floor(road.timeoutMs * 0.8) : 0);
  const failed = (kind: CallError['kind'], mayRepeat = true): Outcome => ({
    error: road.errorOf({ kind, operation }),
    mayRepeat,
  });
  switch (fault) {
    case 'throttle':
      await kernel.sleep(there + back);
      return failed('throttle');
    case 'error-before':
      await kernel.sleep(there + back);
      return failed('server');
    case 'conflict':
      await kernel.sleep(there + back);
      return failed('conflict', false);
    case 'late-effect':
      kernel.at(kernel.now() + road.timeoutMs + dice.whole(0, 4_000), () => effectOf(call).then(() => undefined));
      await kernel.sleep(road.timeoutMs);
      return failed('timeout');
    default: {
      const outcome = await effectAfter(kernel, call, there);
      await kernel.sleep(back);
      if (fault === 'crash-after') return kill(program);
      return fault === 'error-after' ? failed('server') : outcome;
    }
  }
}

function effectAfter(kernel: Kernel, call: Call, milliseconds: number): Promise<Outcome> {
  return new Promise((resolve) => {
    kernel.at(kernel.now() + milliseconds, async () => resolve(await effectOf(call)));
  });
}

async function effectOf({ effect, road }: Call): Promise<Outcome> {
  try {
    return { answer: await effect() };
  } catch (error) {
    return { error, mayRepeat: road.isRepeated?.(error) ?? false };
  }
}
