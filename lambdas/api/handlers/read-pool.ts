// A work pool that a request names, or Prefect's 404.
import type { WorkPool } from '../../../shared/domain/catalogue.ts';
import type { ApiDeps } from '../deps.ts';
import { found } from '../refusal.ts';

export async function readPool({ catalogue }: Pick<ApiDeps, 'catalogue'>, name: string): Promise<WorkPool> {
  return found(await catalogue.workPools.read(name), `Work pool "${name}" not found.`);
}
