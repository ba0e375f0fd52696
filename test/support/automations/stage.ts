// Automations on the real local database: triggers, firings and actions as the Lambdas wire them, with a clock that a
// test moves, and with what is sent to the world outside kept for it to look at.
import { createAutomations } from '../../../shared/adapters/dynamodb/automations.ts';
import { createDocumentClient } from '../../../shared/adapters/dynamodb/client.ts';
import { createEventStore } from '../../../shared/adapters/dynamodb/events.ts';
import { createFirings } from '../../../shared/adapters/dynamodb/firings.ts';
import { createRuns } from '../../../shared/adapters/dynamodb/runs.ts';
import { createTriggerStates } from '../../../shared/adapters/dynamodb/trigger-states.ts';
import { world as machine } from '../../../shared/adapters/world.ts';
import type { Automation } from '../../../shared/domain/automation/automation.ts';
import type { PrefectEvent } from '../../../shared/domain/event/event.ts';
import type { ActHint } from '../../../shared/ports/act-hints.ts';
import { createTelemetry } from '../../../shared/telemetry/events.ts';
import type { Outcome, Task } from '../../../shared/use-cases/action-outcome.ts';
import { evaluateTriggers } from '../../../shared/use-cases/evaluate-triggers.ts';
import { fireProactive } from '../../../shared/use-cases/fire-proactive.ts';
import { hintAutomations } from '../../../shared/use-cases/hint-automations.ts';
import { createKnownAutomations } from '../../../shared/use-cases/known-automations.ts';
import { runFiring } from '../../../shared/use-cases/run-firing.ts';
import { bindAutomations, type WantedAutomation } from '../../../shared/use-cases/save-automation.ts';
import { startDatabase } from '../database.ts';
import { keptBodies } from '../large-bodies.ts';
import { start } from './builders.ts';

export type SentHint = ActHint & { readonly delaySeconds: number };

export async function startAutomations() {
  const database = await startDatabase();
  const client = createDocumentClient();
  const clock = { now: start };
  const world = { ...machine, now: () => clock.now, sleep: async () => {} };
  const options = { client, table: database.controlTable, sha256: world.sha256, now: world.now, newId: world.newId };
  const hints: SentHint[] = [];
  const sent: PrefectEvent[] = [];
  const performed: Task[] = [];
  const acting: { perform: (task: Task) => Promise<Outcome> } = {
    perform: async () => ({ kind: 'done', result: { isSuccess: true, details: {}, resources: [] } }),
  };
  const automations = createAutomations(options);
  const runs = createRuns({ ...options, largeBodies: keptBodies() });
  const deps = {
    world,
    telemetry: createTelemetry(() => undefined),
    runs,
    automations,
    triggerStates: createTriggerStates(options),
    firings: createFirings(options),
    eventStore: createEventStore({ client, table: database.bulkTable, now: world.now, days: 7 }),
    eventSink: { send: async (events: readonly PrefectEvent[]) => void sent.push(...events) },
    actHints: {
      act: async (given: readonly ActHint[], { delaySeconds = 0 }: { readonly delaySeconds?: number } = {}) => {
        hints.push(...given.map((hint) => ({ ...hint, delaySeconds })));
      },
    },
    perform: async (task: Task) => {
      performed.push(task);
      return acting.perform(task);
    },
  };
  const calls = bindAutomations(deps);

  /** Each evaluator is a Lambda of its own: it has read the list of automations by itself. */
  const take = async (...events: PrefectEvent[]) => {
    await deps.eventStore.keep(events);
    await evaluateTriggers({ ...deps, knownAutomations: createKnownAutomations(deps) }, events);
  };
  const visitAll = async () => {
    for (const hint of hints.splice(0)) {
      if (hint.kind === 'firing') await runFiring(deps, hint.firingId);
      else if (hint.delaySeconds === 0) await fireProactive(deps, hint.stateId);
    }
  };
  return {
    deps,
    clock,
    hints,
    sent,
    performed,
    acting,
    calls,
    take,
    /** Does what the hints ask for, those that are delayed left out. */
    visitAll,
    fireProactive: (stateId: string) => fireProactive(deps, stateId),
    runFiring: (id: string) => runFiring(deps, id),
    /** The clock's tick: its hints are added to the others. */
    tick: () => hintAutomations(deps, clock.now),
    save: (automation: Automation) => calls.create(wantedOf(automation)),
    firings: () => hints.flatMap((hint) => (hint.kind === 'firing' ? [hint.firingId] : [])),
    reset: async () => {
      for (const { id } of await automations.list()) await calls.remove(id);
      // What earlier tests left open comes to its end.
      clock.now = start + 86_400_000;
      await hintAutomations(deps, clock.now);
      await visitAll();
      hints.length = 0;
      sent.length = 0;
      performed.length = 0;
      clock.now = start;
    },
    close: async () => {
      client.destroy();
      await database.close();
    },
  };
}

export type AutomationStage = Awaited<ReturnType<typeof startAutomations>>;

function wantedOf({
  id: _id,
  version: _version,
  created: _created,
  updated: _updated,
  ...wanted
}: Automation): WantedAutomation {
  return wanted;
}
