// Sends one frame to one connection. Rule: a connection that turns out to be gone is forgotten on the spot.
import type { ConnectionRef, ConnectionSender, Connections } from '../ports/connections.ts';
import type { Telemetry } from '../telemetry/events.ts';

export type SendDeps = {
  readonly connections: Pick<Connections, 'remove'>;
  readonly sender: Pick<ConnectionSender, 'post'>;
  readonly telemetry: Pick<Telemetry, 'frameNotCarried'>;
};

/** @returns false when the connection is gone; a frame that the platform does not carry is left out and logged */
export async function sendFrame(deps: SendDeps, ref: ConnectionRef, frame: string): Promise<boolean> {
  const outcome = await deps.sender.post(ref, frame);
  if (outcome === 'too large') deps.telemetry.frameNotCarried(ref, Buffer.byteLength(frame));
  if (outcome === 'gone') await deps.connections.remove(ref);
  return outcome !== 'gone';
}
