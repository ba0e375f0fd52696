// A global limit by its id or by its name.
import { uuid } from '../../../shared/contract/scalars.ts';
import type { Limit } from '../../../shared/domain/limit/limit.ts';
import { canBeName } from '../../../shared/domain/limit/request.ts';
import type { ApiDeps } from '../deps.ts';

/** What looks like an id is one, as with Prefect. */
export async function findLimit({ limits }: Pick<ApiDeps, 'limits'>, idOrName: string): Promise<Limit | undefined> {
  const id = uuid.safeParse(idOrName);
  if (id.success) return limits.read(id.data);
  return canBeName(idOrName) ? limits.readByName(idOrName) : undefined;
}
