// Gives the table its admission item before it holds anything else. By that item a table that was restored from a
// backup is known (rule 14), so no second of its life may be without one.
import { untouchedAdmission } from '../domain/submit/admission.ts';
import type { Admission } from '../ports/admission.ts';
import type { World } from '../ports/world.ts';

export type NameTableDeps = { readonly admission: Admission; readonly world: Pick<World, 'now'> };

/** Whoever else writes the item first has named the table as well. */
export async function nameTable({ admission, world }: NameTableDeps): Promise<void> {
  if ((await admission.read()) === undefined) await admission.write(undefined, untouchedAdmission(world.now()));
}
