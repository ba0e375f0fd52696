// The second hundred of random worlds, in a file of its own so that both cores play.
import { describe, it } from 'vitest';
import { batchesFrom, expectNoViolation } from '../support/world/batches.ts';

describe('worlds', () => {
  it.each(batchesFrom(101, 10))(
    'from seed %d on keep every invariant, two hundred in all',
    {
      timeout: 60_000,
    },
    expectNoViolation,
  );
});
