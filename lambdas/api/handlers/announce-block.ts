// The events of blocks. Anonymous ones have none, and no event holds a secret: the block comes with its secrets hidden.
import type { z } from 'zod';
import type { blockDocument } from '../../../shared/contract/blocks.ts';
import { secretPaths } from '../../../shared/domain/block/secrets.ts';
import type { ApiDeps } from '../deps.ts';
import { announce } from './announce.ts';

type Block = z.input<typeof blockDocument>;

export async function announceBlock(
  deps: ApiDeps,
  action: 'created' | 'updated' | 'deleted',
  block: Block,
): Promise<void> {
  if (block.is_anonymous) return;
  const { block_schema: schema, block_type_id: typeId, block_type_name: typeName } = block;
  const secret = new Set(secretPaths(schema?.fields ?? {}).map((path) => path.join('.')));
  const texts = Object.entries(block.data).filter(([key, value]) => typeof value === 'string' && !secret.has(key));
  await announce(deps, {
    kind: 'block-document',
    action,
    id: block.id,
    ...(block.name === null ? {} : { name: block.name }),
    payload: {
      name: block.name,
      data: Object.fromEntries(texts),
      block_schema: schema && {
        capabilities: schema.capabilities,
        block_type: { id: typeId, name: typeName ?? '' },
      },
    },
    related: [
      {
        'prefect.resource.id': `prefect.block-type.${typeId}`,
        'prefect.resource.role': 'block-type',
        ...(typeName === null ? {} : { 'prefect.resource.name': typeName }),
      },
      {
        'prefect.resource.id': `prefect.block-schema.${block.block_schema_id}`,
        'prefect.resource.role': 'block-schema',
      },
    ],
  });
}
