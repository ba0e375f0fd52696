// The server itself: version, settings, health.
import { type adminRoutes, apiVersion, prefectVersion } from '../../../shared/contract/admin.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import { blockMetadata } from '../../../shared/domain/block/built-in/built-in-blocks.ts';
import { workerMetadata } from '../../../shared/domain/work-pool/collections.ts';
import { clearResultStorage, readResultStorage, setResultStorage } from '../../../shared/use-cases/result-storage.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound, Refusal } from '../refusal.ts';

/** Views that clients know to ask for: types of work pools and of blocks. There are no flows to offer. */
const views = new Map([
  ['aggregate-worker-metadata', workerMetadata],
  ['aggregate-block-metadata', blockMetadata()],
  ['aggregate-flow-metadata', {}],
  ['demo-flows', {}],
]);

function storageToWire(id: string | undefined) {
  return { default_result_storage_block_id: id ?? null };
}

export const adminHandlers = {
  read_version: async () => prefectVersion,
  server_version: async () => apiVersion,
  read_settings: async () => ({
    server: { api: { default_limit: 200, csrf_protection_enabled: false, max_parameter_size: 524_288 } },
  }),
  read_server_default_result_storage: async (_request, deps) => storageToWire(await readResultStorage(deps)),

  async update_server_default_result_storage({ body }, deps) {
    const id = body.default_result_storage_block_id;
    const outcome = await setResultStorage(deps, id);
    if (outcome === 'not_found') throw notFound(`Block document ${id} not found.`);
    if (outcome === 'unfit') {
      throw new Refusal('invalid_request', `Block document ${id} cannot be used for result storage.`);
    }
    return storageToWire(id);
  },

  clear_server_default_result_storage: async (_request, deps) => clearResultStorage(deps),

  health_check: async () => true,
  async perform_readiness_check(_request, { catalogue, log }) {
    try {
      await catalogue.workPools.read('readiness');
    } catch (error) {
      log('WARN', 'database not reachable', { error: error instanceof Error ? error.message : String(error) });
      throw new Refusal('unavailable', 'Database is not available');
    }
    return { message: 'OK' };
  },
  hello: async () => '👋',
  async create_csrf_token() {
    throw new Refusal('csrf_disabled', 'CSRF protection is disabled.');
  },
  async read_view_content({ params }) {
    const view = views.get(params.view);
    if (view === undefined) throw notFound(`View ${params.view} not found in registry`);
    return view;
  },
} satisfies Handlers<typeof adminRoutes, ApiDeps>;
