// Puts the block types that Prefect brings along into the store, once a release.
// Rule: what is there stays, since clients put their own words into types; only protected types can be reset.
import {
  builtInBlocks,
  builtInSchema,
  builtInType,
  installedBlocks,
} from '../domain/block/built-in/built-in-blocks.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { World } from '../ports/world.ts';

export type InstallDeps = {
  readonly world: Pick<World, 'now' | 'sha256'>;
  readonly catalogue: Pick<Catalogue, 'blockTypes' | 'blockSchemas' | 'settings'>;
};

const settingName = 'built-in-blocks';

/** Costs one read where they are installed. Many may install at once: each writes what is not there. */
export async function installBuiltInBlocks({ world, catalogue }: InstallDeps): Promise<void> {
  const content = world.sha256(JSON.stringify(installedBlocks));
  const installed = await catalogue.settings.read(settingName);
  if (installed?.['content'] === content) return;
  const making = { sha256: world.sha256, now: world.now() };
  await Promise.all(
    installedBlocks.flatMap((block) => [
      catalogue.blockTypes.create(builtInType(block, making)),
      catalogue.blockSchemas.create(builtInSchema(block, making)),
    ]),
  );
  await catalogue.settings.put(settingName, { content });
}

/** `POST /block_types/install_system_block_types`: protected types as they came, whatever became of them. */
export async function resetProtectedBlocks({ world, catalogue }: InstallDeps): Promise<void> {
  const making = { sha256: world.sha256, now: world.now() };
  const isProtected = builtInBlocks.filter((block) => block.isProtected);
  await Promise.all(
    isProtected.map(async (block) => {
      const fresh = builtInType(block, making);
      const { kind, item } = await catalogue.blockTypes.create(fresh);
      if (kind === 'exists') await catalogue.blockTypes.put({ ...fresh, created: item.created });
      await catalogue.blockSchemas.create(builtInSchema(block, making));
    }),
  );
}
