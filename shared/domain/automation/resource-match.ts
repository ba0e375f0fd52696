// Which resources a label specification means, and which events a trigger is about (Prefect's ResourceSpecification).
import type { EventResource, PrefectEvent } from '../event/event.ts';
import type { LabelSpec } from './automation.ts';
import { matchesGlob } from './glob.ts';

/** A missing label fits nothing, not even a negated pattern. */
export function matchesPattern(pattern: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  return pattern.startsWith('!') ? !matchesGlob(pattern.slice(1), value) : matchesGlob(pattern, value);
}

function patternsOf(expected: string | readonly string[]): readonly string[] {
  return typeof expected === 'string' ? [expected] : expected;
}

/** Every label must fit one of its patterns; a label without patterns fits nothing. */
export function matchesResource(spec: LabelSpec, resource: EventResource): boolean {
  return Object.entries(spec).every(([label, expected]) => {
    const value = Object.hasOwn(resource, label) ? resource[label] : undefined;
    return patternsOf(expected).some((pattern) => matchesPattern(pattern, value));
  });
}

/** Whether one of them fits; an empty specification means all, also where there is none. */
function includes(spec: LabelSpec, resources: readonly EventResource[]): boolean {
  return Object.keys(spec).length === 0 || resources.some((resource) => matchesResource(spec, resource));
}

export function listOfSpecs(specs: LabelSpec | readonly LabelSpec[]): readonly LabelSpec[] {
  return isList(specs) ? specs : [specs];
}

function isList(specs: LabelSpec | readonly LabelSpec[]): specs is readonly LabelSpec[] {
  return Array.isArray(specs);
}

export function coversResources(
  trigger: { readonly match: LabelSpec; readonly matchRelated: LabelSpec | readonly LabelSpec[] },
  { resource, related }: Pick<PrefectEvent, 'resource' | 'related'>,
): boolean {
  return (
    includes(trigger.match, [resource]) && listOfSpecs(trigger.matchRelated).every((spec) => includes(spec, related))
  );
}

/** Whether a specification lets every resource of a kind in: it is empty, or only asks for `<kind>.*`. */
export function meansEveryOfKind(spec: LabelSpec, kind: string): boolean {
  const entries = Object.entries(spec);
  const [first] = entries;
  if (first === undefined) return true;
  const [label, expected] = first;
  return entries.length === 1 && label === 'prefect.resource.id' && patternsOf(expected).includes(`${kind}.*`);
}

/** `related:<role>:<label>` is the label of the first related resource in that role; anything else the resource's own. */
export function findLabel({ resource, related }: PrefectEvent, label: string): string | undefined {
  const last = label.lastIndexOf(':');
  const [directive, ...role] = (last < 0 ? '' : label.slice(0, last)).split(':');
  if (directive === 'related') {
    const found = related.find((candidate) => candidate['prefect.resource.role'] === role.join(':'));
    if (found !== undefined) return found[label.slice(last + 1)];
  }
  return resource[label];
}

export function involvedResources({ resource, related }: PrefectEvent): readonly EventResource[] {
  return [resource, ...related];
}

/** The id behind `<kind>.` of the first involved resource of that kind, if it is a UUID. */
export function idOfFirst(event: PrefectEvent, kind: string): string | undefined {
  const first = involvedResources(event).find(
    (resource) => splitId(resource['prefect.resource.id'] ?? '').kind === kind,
  );
  return first === undefined ? undefined : idOfKind(first['prefect.resource.id'] ?? '', kind);
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function idOfKind(resourceId: string, kind: string): string | undefined {
  const split = splitId(resourceId);
  return split.kind === kind && uuidPattern.test(split.id) ? split.id.toLowerCase() : undefined;
}

function splitId(resourceId: string): { readonly kind: string; readonly id: string } {
  const last = resourceId.lastIndexOf('.');
  return last < 0 ? { kind: '', id: resourceId } : { kind: resourceId.slice(0, last), id: resourceId.slice(last + 1) };
}
