// The block types that Prefect 3.8.8 brings along, so that its clients find them without registering anything.
// Names, slugs, shapes and checksums are facts of the protocol; all words are our own.
import type { Sha256 } from '../../identity.ts';
import type { JsonObject } from '../../json.ts';
import { type BlockSchema, type BlockType, blockSchemaIdOf, blockTypeIdOf } from '../block.ts';
import { alertBlocks } from './alert-blocks.ts';
import { awsBlocks } from './aws-blocks.ts';
import type { BuiltInBlock } from './block-property.ts';
import { chatBlocks } from './chat-blocks.ts';
import { systemBlocks } from './system-blocks.ts';

export const builtInBlocks: readonly BuiltInBlock[] = [...systemBlocks, ...chatBlocks, ...alertBlocks];

/** Those, and our own. */
export const installedBlocks: readonly BuiltInBlock[] = [...builtInBlocks, ...awsBlocks];

/** The version of Prefect whose blocks these are: clients ask for their own version's schemas. */
export const builtInVersion = '3.8.8';

const logos =
  'https://raw.githubusercontent.com/PrefectHQ/prefect/420d0d6a78bb6df1fc18bcf188fdad43c1d22ea9/assets/block-logos/';

type Making = { readonly sha256: Sha256; readonly now: number };

export function builtInType(block: BuiltInBlock, { sha256, now }: Making): BlockType {
  return {
    id: blockTypeIdOf(sha256, block.slug),
    created: now,
    updated: now,
    name: block.name,
    slug: block.slug,
    logoUrl: `${logos}${block.logo}`,
    documentationUrl: block.documentation,
    description: block.description,
    codeExample: exampleOf(block),
    isProtected: block.isProtected,
  };
}

export function builtInSchema(block: BuiltInBlock, { sha256, now }: Making): BlockSchema {
  const { checksum } = block;
  return {
    id: blockSchemaIdOf(sha256, { checksum, version: builtInVersion }),
    created: now,
    updated: now,
    checksum,
    version: builtInVersion,
    fields: block.fields,
    blockTypeId: blockTypeIdOf(sha256, block.slug),
    capabilities: block.capabilities,
  };
}

function exampleOf({ importedFrom, className }: BuiltInBlock): string {
  const lines = [`from ${importedFrom} import ${className}`, '', `block = ${className}.load("NAME")`];
  return ['```python', ...lines, '```'].join('\n');
}

/** What the collection view of blocks says of them. */
export function blockMetadata(): JsonObject {
  const types = builtInBlocks.map((block): [string, JsonObject] => [
    block.slug,
    {
      name: block.name,
      slug: block.slug,
      logo_url: `${logos}${block.logo}`,
      documentation_url: block.documentation,
      description: block.description,
      code_example: exampleOf(block),
      is_protected: block.isProtected,
      block_schema: {
        checksum: block.checksum,
        fields: block.fields,
        capabilities: block.capabilities,
        version: builtInVersion,
      },
    },
  ]);
  return { prefect: { block_types: Object.fromEntries(types) } };
}
