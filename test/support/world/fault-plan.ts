// Which faults a seed injects, where, and how many there were: the seed's dice decide at each call and each message.
// What a cell (who calls what) meets for the first times in a seed is hit more often, so that rare calls are hit too.
import type { Dice } from '../../differential/sequences/dice.ts';

/** What may happen to one AWS call. */
export const callFaults = [
  'crash-before',
  'crash-after',
  'throttle',
  'error-before',
  'error-after',
  'late-effect',
  'slow',
  'conflict',
] as const;
export type CallFault = (typeof callFaults)[number];

/** What may happen to one message or event. */
const messageFaults = ['lost', 'doubled', 'delayed', 'reordered'] as const;
export type MessageFault = (typeof messageFaults)[number];

/** What each road can do to what travels on it. */
export const roadFaults = {
  submit: messageFaults,
  observe: messageFaults,
  stream: ['doubled'],
  tick: ['lost', 'doubled', 'delayed'],
  answer: ['lost'],
} as const satisfies Record<string, readonly MessageFault[]>;
export type RoadName = keyof typeof roadFaults;

export type FaultPlan = {
  onCall(step: string, operation: string): CallFault | undefined;
  onMessage(road: RoadName): MessageFault | undefined;
  /** A fault of another kind that was injected. */
  note(kind: string, where: string): void;
  /** From now on nothing fails any more. */
  end(): void;
  /** `kind where` → how often. */
  readonly injected: ReadonlyMap<string, number>;
  /** Who called what, and how often. */
  readonly calls: ReadonlyMap<string, number>;
};

const writes = ['Put', 'Update', 'Delete', 'TransactWrite'];
/** A program that only asks from outside (an engine, a person) does not die with a call of ours. */
const isOurs = (step: string) => step !== 'outside';

export function faultsOf(step: string, operation: string): readonly CallFault[] {
  return callFaults.filter((fault) => {
    if (fault === 'conflict') return writes.includes(operation);
    return isOurs(step) || !fault.startsWith('crash');
  });
}

export type FaultOptions = {
  readonly dice: Dice;
  /** 100 is the usual, 0 none at all. */
  readonly intensity: number;
};

export function createFaultPlan({ dice, intensity }: FaultOptions): FaultPlan {
  const injected = new Map<string, number>();
  const calls = new Map<string, number>();
  let hasEnded = intensity === 0;

  const note = (kind: string, where: string) => {
    const cell = `${kind} ${where}`;
    injected.set(cell, (injected.get(cell) ?? 0) + 1);
  };

  return {
    injected,
    calls,
    note,
    end: () => {
      hasEnded = true;
    },
    onCall(step, operation) {
      const where = `${step}:${operation}`;
      const before = calls.get(where) ?? 0;
      calls.set(where, before + 1);
      if (hasEnded) return undefined;
      const chance = Math.ceil(((150 + 4000 / (1 + before)) * intensity) / 100);
      if (dice.whole(1, 10_000) > chance) return undefined;
      const fault = dice.oneOf(faultsOf(step, operation));
      if (fault !== undefined) note(fault, where);
      return fault;
    },
    onMessage(road) {
      if (hasEnded || dice.whole(1, 10_000) > 8 * intensity) return undefined;
      const fault: MessageFault | undefined = dice.oneOf<MessageFault>(roadFaults[road]);
      if (fault !== undefined) note(fault, road);
      return fault;
    },
  };
}
