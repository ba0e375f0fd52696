// Small things of the stack itself, by name: which blocks are installed, where results go by default.
import type { JsonObject } from '../../../domain/json.ts';
import type { Settings } from '../../../ports/blocks.ts';
import { fromItem, toItem } from '../items.ts';
import { settingKey } from '../table.ts';
import { get, put, remove } from '../writes.ts';
import type { CatalogueOptions } from './collection.ts';

export function createSettings({ client, table }: CatalogueOptions): Settings {
  return {
    async read(name) {
      const item = await get(client, table, settingKey(name));
      return item === undefined ? undefined : fromItem<JsonObject>(item);
    },
    async put(name, value) {
      await put(client, { TableName: table, Item: toItem(settingKey(name), value) });
    },
    async remove(name) {
      await remove(client, { TableName: table, Key: settingKey(name) });
    },
  };
}
