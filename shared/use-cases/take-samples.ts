// What runs give to the figures of metric triggers: each started or ended run once, in the minute it happened.
import type { Automation, MetricTrigger } from '../domain/automation/automation.ts';
import { minuteOf, type RunFigures, sampleOf } from '../domain/automation/metric.ts';
import { idOfFirst } from '../domain/automation/resource-match.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import type { Run } from '../domain/run/run.ts';
import type { TriggerStates } from '../ports/automations.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import { ContentionError, maximumRaces } from './change-run.ts';

export type SampleDeps = {
  readonly world: Pick<World, 'now'>;
  readonly runs: Pick<Runs, 'read'>;
  readonly triggerStates: Pick<TriggerStates, 'commit' | 'unseen'>;
};

type Metering = { readonly automation: Automation; readonly trigger: MetricTrigger };

/** An event that was counted before changes nothing: its mark is in the way. */
export async function takeSamples(
  deps: SampleDeps,
  { trigger }: Metering,
  events: readonly PrefectEvent[],
): Promise<void> {
  const unseen = await deps.triggerStates.unseen(
    trigger.id,
    events.map(({ id }) => id),
  );
  for (const event of events.filter(({ id }) => unseen.includes(id))) {
    const value = await sampleValue(deps, trigger, event);
    if (value !== undefined) await addSample(deps, trigger, { event, value });
  }
}

/** Two at the same minute are rivals for it; one that is there already is told by its mark. */
async function addSample(
  deps: SampleDeps,
  trigger: MetricTrigger,
  { event, value }: { readonly event: PrefectEvent; readonly value: number },
): Promise<void> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const write = await deps.triggerStates.commit({
      composites: [],
      firings: [],
      firingsDueAt: deps.world.now(),
      seen: { triggerId: trigger.id, eventIds: [event.id] },
      sample: { triggerId: trigger.id, minute: minuteOf(event.occurred), value },
    });
    if (write === 'written' || (await deps.triggerStates.unseen(trigger.id, [event.id])).length === 0) return;
  }
  throw new ContentionError(`the figure of trigger ${trigger.id}`);
}

async function sampleValue(deps: SampleDeps, trigger: MetricTrigger, event: PrefectEvent): Promise<number | undefined> {
  if (trigger.metric.name === 'successes')
    return sampleOf(trigger, { hasSucceeded: event.event.endsWith('.Completed') });
  const id = idOfFirst(event, 'prefect.flow-run');
  const run = id === undefined ? undefined : await deps.runs.read(id);
  return run === undefined ? undefined : sampleOf(trigger, figuresOf(run, event));
}

function figuresOf(run: Run, { occurred }: PrefectEvent): RunFigures {
  const { startTime, expectedStartTime } = run;
  return {
    ...(startTime === undefined ? {} : { durationSeconds: Math.max(0, occurred - startTime) / 1000 }),
    ...(expectedStartTime === undefined
      ? {}
      : { latenessSeconds: Math.max(0, (startTime ?? occurred) - expectedStartTime) / 1000 }),
  };
}
