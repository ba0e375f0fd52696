// Pools as they were a few seconds ago at most: every trigger asks for the bounds of its own.
import type { WorkPool } from '../domain/catalogue.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import { createMemory } from './remembering.ts';

export function recentPools(
  { workPools }: Pick<Catalogue, 'workPools'>,
  now: () => number,
): (name: string) => Promise<WorkPool | undefined> {
  const memory = createMemory({ now, milliseconds: 5_000, most: 100 }, workPools.read);
  return (name) => memory.read(name);
}
