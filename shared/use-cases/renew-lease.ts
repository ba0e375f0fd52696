// Keeps a lease for longer (POST /v2/concurrency_limits/leases/{id}/renew). One that ran out lives on as long as
// nobody needed its room; the slot of a run with a task of ours cannot run out and is left as it is.
import type { LimitDeps } from './acquire-slots.ts';

/** False: it, or a slot of it, is gone. */
export async function renewLease(
  { limits, world }: LimitDeps,
  { leaseId, seconds }: { readonly leaseId: string; readonly seconds: number },
): Promise<boolean> {
  const lease = await limits.readLease(leaseId);
  if (lease === undefined) return false;
  return limits.renew(lease, world.now() + seconds * 1000);
}
