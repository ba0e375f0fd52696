// Saved searches, by name. Saving one again replaces what it looks for.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { savedSearchRoutes } from '../../../shared/contract/saved-searches.ts';
import type { SavedSearch } from '../../../shared/domain/catalogue.ts';
import { derivedId } from '../../../shared/domain/identity.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound } from '../refusal.ts';
import { isoText } from '../wire/times.ts';
import { cut, windowOf } from './paging.ts';

const missing = 'Saved search not found';

function toWire(search: SavedSearch) {
  const { id, created, updated, name, filters } = search;
  return { id, created: isoText(created), updated: isoText(updated), name, filters: [...filters] };
}

export const savedSearchHandlers = {
  async create_saved_search({ body }, { catalogue, world }) {
    const now = world.now();
    const id = derivedId(world.sha256, 'saved-search', [body.name]);
    const search = { id, created: now, updated: now, name: body.name, filters: body.filters };
    const { kind, item } = await catalogue.savedSearches.create(search);
    if (kind === 'created') return { isNew: true, value: toWire(item) };
    const replaced = { ...item, filters: body.filters };
    await catalogue.savedSearches.put(replaced);
    return { isNew: false, value: toWire(replaced) };
  },

  read_saved_search: async ({ params }, { catalogue }) =>
    toWire(found(await catalogue.savedSearches.read(params.id), missing)),

  async read_saved_searches({ body }, { catalogue }) {
    const window = windowOf(body);
    const searches = await catalogue.savedSearches.list();
    return cut(
      searches.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
      window,
    ).map(toWire);
  },

  async delete_saved_search({ params }, { catalogue }) {
    if (!(await catalogue.savedSearches.remove(params.id))) throw notFound(missing);
  },
} satisfies Handlers<typeof savedSearchRoutes, ApiDeps>;
