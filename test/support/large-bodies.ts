// Large bodies in this process' memory, for tests of other things than S3.
import type { LargeBodies } from '../../shared/ports/large-bodies.ts';

export type KeptBodies = LargeBodies & { readonly texts: Map<string, string> };

export function keptBodies(): KeptBodies {
  const texts = new Map<string, string>();
  return {
    texts,
    put: async (key, text) => void texts.set(key, text),
    read: async (key) => texts.get(key),
    remove: async (key) => void texts.delete(key),
  };
}
