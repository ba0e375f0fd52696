// The store of saved searches. An id is derived from the name, so saving a name again meets what is there.
import type { SavedSearch } from '../../../domain/catalogue.ts';
import type { SavedSearches } from '../../../ports/catalogue.ts';
import { savedSearchKey, savedSearchPartition } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createSavedSearches(options: CatalogueOptions): SavedSearches {
  const items = createCollection<SavedSearch>(options, (search) => savedSearchKey(search.id));

  return {
    create: items.create,
    read: (id) => items.readKey(savedSearchKey(id)),
    list: () => items.listPartition(savedSearchPartition),
    put: items.put,
    remove: (id) => items.removeKey(savedSearchKey(id)),
  };
}
