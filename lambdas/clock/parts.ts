// The parts of a tick are each other's equals: one that fails cuts no other off, and the tick fails once all have ended.

/** @throws what the first of the failed ones threw */
export async function toTheirEnds(parts: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(parts);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
