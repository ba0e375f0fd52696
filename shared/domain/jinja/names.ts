// The names that a template looks up: what must be at hand before it is filled in.
import { maybeTemplate, parseTemplate } from './parse-template.ts';

/** Names that the template sets itself are among them. A template that cannot be read has none. */
export function namesIn(source: string): ReadonlySet<string> {
  const names = new Set<string>();
  if (!maybeTemplate(source)) return names;
  try {
    collect(parseTemplate(source), names);
  } catch {
    return new Set();
  }
  return names;
}

function collect(node: unknown, names: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  if ('kind' in node && node.kind === 'name' && 'name' in node && typeof node.name === 'string') names.add(node.name);
  for (const inner of Array.isArray(node) ? node : Object.values(node)) collect(inner, names);
}
