// A type of blocks with a schema that has secrets, and the calls that tests of blocks make.

import type { ApiUnderTest, Reply } from './api-under-test.ts';

export const fields = {
  type: 'object',
  title: 'Vault',
  block_type_slug: 'vault',
  properties: { url: { type: 'string' }, token: { type: 'string' }, headers: { type: 'object' } },
  secret_fields: ['token', 'headers.*'],
  block_schema_references: {},
};

export type Vault = {
  readonly typeId: string;
  readonly schemaId: string;
  readonly saveSchema: (body: object) => Promise<Reply>;
  readonly save: (name: string | undefined, data: object, more?: object) => Promise<Reply>;
  readonly read: (id: string, query?: string) => Promise<Reply['body']>;
  readonly change: (id: string, body: object) => Promise<Reply>;
  /** Names of the blocks that a filter means. */
  readonly list: (body: object) => Promise<string[]>;
};

export const reference = (id: string) => ({ $ref: { block_document_id: id } });

export async function openVault(api: ApiUnderTest): Promise<Vault> {
  const saveSchema = (body: object) => api.call('POST', '/api/block_schemas/', { body });
  const typeId: string = (await api.call('POST', '/api/block_types/', { body: { name: 'Vault', slug: 'vault' } })).body
    .id;
  const sent = { fields, block_type_id: typeId, capabilities: ['open'], version: '1' };
  const schemaId: string = (await saveSchema(sent)).body.id;
  return {
    typeId,
    schemaId,
    saveSchema,
    save: (name, data, more = {}) => {
      const body = { name, data, block_schema_id: schemaId, block_type_id: typeId, ...more };
      return api.call('POST', '/api/block_documents/', { body });
    },
    read: async (id, query = '') =>
      (await api.call('GET', `/api/block_documents/${id}`, query === '' ? {} : { query })).body,
    change: (id, body) => api.call('PATCH', `/api/block_documents/${id}`, { body }),
    list: async (body) =>
      (await api.call('POST', '/api/block_documents/filter', { body })).body.map(({ name }: { name: string }) => name),
  };
}
