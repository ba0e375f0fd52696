// The block that results of flows go to unless a flow says otherwise.
import type { Catalogue } from '../ports/catalogue.ts';

export type ResultStorageDeps = {
  readonly catalogue: Pick<Catalogue, 'blockSchemas' | 'blockDocuments' | 'settings'>;
};

type SettingsDeps = { readonly catalogue: Pick<Catalogue, 'settings'> };

const settingName = 'default-result-storage';
/** What a block must be able to do to hold results. */
const wantedCapability = 'write-path';

/** The id of the block document; undefined when none is set. */
export async function readResultStorage({ catalogue }: SettingsDeps): Promise<string | undefined> {
  const id = (await catalogue.settings.read(settingName))?.['block_document_id'];
  return typeof id === 'string' ? id : undefined;
}

export async function setResultStorage(
  { catalogue }: ResultStorageDeps,
  blockDocumentId: string,
): Promise<'set' | 'not_found' | 'unfit'> {
  const document = await catalogue.blockDocuments.read(blockDocumentId);
  if (document === undefined) return 'not_found';
  const schema = await catalogue.blockSchemas.read(document.blockSchemaId);
  if (schema === undefined || !schema.capabilities.includes(wantedCapability)) return 'unfit';
  await catalogue.settings.put(settingName, { block_document_id: blockDocumentId });
  return 'set';
}

export async function clearResultStorage({ catalogue }: SettingsDeps): Promise<void> {
  await catalogue.settings.remove(settingName);
}
