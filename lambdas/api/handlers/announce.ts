// Tells the road of events what became of a thing that users keep. It never fails a request: the thing is stored.
import { type Lifecycle, lifecycleEvent } from '../../../shared/domain/event/lifecycle-event.ts';
import type { ApiDeps } from '../deps.ts';

export async function announce({ world, eventSink, log }: ApiDeps, lifecycle: Lifecycle): Promise<void> {
  const event = lifecycleEvent(lifecycle, { now: world.now(), randomId: world.newId() });
  try {
    await eventSink.send([event]);
  } catch (error) {
    log('WARN', 'event not sent', {
      event: event.event,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}
