// What becomes of events once they are taken from the queue: one step after the other, each of them for all events.
// Every step knows an event by its id, since all may come twice and in any order.
import type { PrefectEvent } from '../domain/event/event.ts';

export type EventStep = {
  readonly name: string;
  /** Which events it is about. @default all */
  readonly concerns?: (event: PrefectEvent) => boolean;
  /** Takes all of them or throws; then it is asked again for each alone. */
  readonly take: (events: readonly PrefectEvent[]) => Promise<void>;
};

/** Steps of one stage run at the same time; a stage begins when the one before has ended. */
export type EventStages = readonly (readonly EventStep[])[];

/** Ids of the events that some step could not take, with why: they come again, and all steps see them again. */
export type FailedEvents = ReadonlyMap<string, unknown>;

/**
 * Runs the stages. A step that fails for one event fails for no other, and holds up no other step.
 */
export async function takeEvents(stages: EventStages, events: readonly PrefectEvent[]): Promise<FailedEvents> {
  const failed = new Map<string, unknown>();
  const once = [...new Map(events.map((event) => [event.id, event])).values()];
  for (const steps of stages) {
    const outcomes = await Promise.all(steps.map((step) => run(step, once)));
    for (const [id, problem] of outcomes.flatMap((outcome) => [...outcome])) failed.set(id, problem);
  }
  return failed;
}

async function run({ name, concerns, take }: EventStep, events: readonly PrefectEvent[]): Promise<FailedEvents> {
  const concerned = concerns === undefined ? events : events.filter(concerns);
  if (concerned.length === 0) return new Map();
  try {
    await take(concerned);
    return new Map();
  } catch (error) {
    const [only] = concerned;
    if (concerned.length === 1 && only !== undefined) return new Map([[only.id, problemOf(name, error)]]);
    const alone = await Promise.all(concerned.map((event) => run({ name, take }, [event])));
    return new Map(alone.flatMap((outcome) => [...outcome]));
  }
}

function problemOf(step: string, error: unknown): Error {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Error(`${step}: ${reason}`, { cause: error });
}
