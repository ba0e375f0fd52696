// Frames for one watcher out of many. Rule: one that is slow or fails is cut off and holds up nobody else; when it
// comes back it gets what it missed from the store, where everything stood before it was sent.
import type { ConnectionSender, Connections, Subscriber } from '../ports/connections.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type SendDeps, sendFrame } from './send-frame.ts';

export type ServeDeps = SendDeps & {
  readonly connections: Pick<Connections, 'remove'>;
  readonly sender: Pick<ConnectionSender, 'post' | 'close'>;
  readonly telemetry: Pick<Telemetry, 'frameNotCarried' | 'watcherCutOff'>;
  readonly world: Pick<World, 'now'>;
};

/** What one batch may take of a watcher's time. */
const patienceMs = 5_000;
/** No clean close: after one, Prefect's engine watches no more for cancellation. */
const cutOff = { code: 1011, reason: 'frames were not taken in time' } as const;

export async function serveWatcher(deps: ServeDeps, watcher: Subscriber, frames: readonly string[]): Promise<void> {
  const stopAt = deps.world.now() + patienceMs;
  try {
    for (const frame of frames) {
      if (deps.world.now() > stopAt) throw new Error(`frames took longer than ${patienceMs} ms`);
      if (!(await sendFrame(deps, watcher, frame))) return;
    }
  } catch (error) {
    deps.telemetry.watcherCutOff(watcher, error);
    // What fails here fails for this watcher alone: its item expires, or the next frame finds it gone.
    await Promise.allSettled([deps.sender.close(watcher, cutOff), deps.connections.remove(watcher)]);
  }
}
