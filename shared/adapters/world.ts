// Time, ids and names as the machine gives them.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { adjectives, animals, uniqueNamesGenerator } from 'unique-names-generator';
import { timedId } from '../domain/identity.ts';
import type { World } from '../ports/world.ts';

export const world: World = {
  now: () => Date.now(),
  // Ids that tell when they were made sort as Prefect's do, and lead from a state to its event.
  newId: () => timedId(Date.now(), randomUUID()),
  sleep: async (milliseconds) => {
    await sleep(milliseconds);
  },
  newName: () => uniqueNamesGenerator({ dictionaries: [adjectives, animals], separator: '-', length: 2 }),
  sha256: (text) => createHash('sha256').update(text, 'utf8').digest('hex'),
};
