// What a deployment refers to must be there: Prefect's database says so in its own words.
import type { DeploymentCreate, DeploymentUpdate } from '../../../shared/contract/deployments.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';

/** Prefect's answer when a row does not fit its table. */
export function integrityConflict(): Refusal {
  const what = 'This usually means a unique or foreign key constraint was violated.';
  return new Refusal('conflict', `Data integrity conflict. ${what} See server logs for details.`);
}

/** @throws Refusal conflict */
export async function checkNewReferences(deps: ApiDeps, sent: DeploymentCreate): Promise<void> {
  const blocks = [
    ['infrastructure', sent.infrastructure_document_id],
    ['storage', sent.storage_document_id],
  ] as const;
  for (const [kind, id] of blocks) {
    if (!id || (await deps.catalogue.blockDocuments.read(id)) !== undefined) continue;
    const why =
      'when applying a deployment specification that was built against a different Prefect database / workspace';
    const problem = `Could not find ${kind} block with id: ${id}. This usually occurs ${why}.`;
    throw new Refusal('conflict', `Error creating deployment. ${problem}`);
  }
}

/** @throws Refusal conflict */
export async function checkChangedReferences(deps: ApiDeps, sent: DeploymentUpdate): Promise<void> {
  const isNulled = sent.parameters === null || sent.enforce_parameter_schema === null;
  if (isNulled) throw integrityConflict();
  for (const id of [sent.infrastructure_document_id, sent.storage_document_id]) {
    if (id && (await deps.catalogue.blockDocuments.read(id)) === undefined) throw integrityConflict();
  }
}
