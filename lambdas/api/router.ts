// Finds the route of a request. Literal segments go before parameters, both slash forms are one path, and nothing is
// decoded here: the path came decoded, once.
import { basePath, type Route, type Routes } from '../../shared/contract/define-routes.ts';

export type NamedRoute = { readonly resource: string; readonly name: string; readonly route: Route };
export type Found = NamedRoute & { readonly params: unknown };

type Segment = { readonly kind: 'literal' | 'one' | 'rest'; readonly text: string };
type Compiled = NamedRoute & { readonly segments: readonly Segment[] };

export type Router = (method: string, path: string) => Found | undefined;

export function createRouter(tables: { readonly [resource: string]: Routes }): Router {
  const byMethod = new Map<string, Compiled[]>();
  for (const compiled of compile(tables)) {
    const known = byMethod.get(compiled.route.method);
    if (known === undefined) byMethod.set(compiled.route.method, [compiled]);
    else known.push(compiled);
  }
  for (const routes of byMethod.values()) routes.sort(literalFirst);

  return (method, path) => {
    const parts = partsOf(path);
    if (parts === undefined) return undefined;
    for (const candidate of byMethod.get(method) ?? []) {
      const texts = match(candidate.segments, parts);
      if (texts === undefined) continue;
      // A value that cannot be this parameter (an id that is none) belongs to another route, or to none.
      const params = candidate.route.params?.safeParse(texts);
      if (params === undefined) return { ...candidate, params: undefined };
      if (params.success) return { ...candidate, params: params.data };
    }
    return undefined;
  };
}

function compile(tables: { readonly [resource: string]: Routes }): Compiled[] {
  return Object.entries(tables).flatMap(([resource, routes]) =>
    Object.entries(routes).map(([name, route]) => ({ resource, name, route, segments: segmentsOf(route.path) })),
  );
}

export function segmentsOf(path: string): Segment[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((part): Segment => {
    if (!part.startsWith('{')) return { kind: 'literal', text: part };
    if (part.endsWith('+}')) return { kind: 'rest', text: part.slice(1, -2) };
    return { kind: 'one', text: part.slice(1, -1) };
  });
}

const rank = { literal: 0, one: 1, rest: 2 } as const satisfies Record<Segment['kind'], number>;

function literalFirst(one: Compiled, other: Compiled): number {
  const length = Math.max(one.segments.length, other.segments.length);
  for (let at = 0; at < length; at += 1) {
    const [first, second] = [one.segments[at], other.segments[at]];
    const order = (first === undefined ? 3 : rank[first.kind]) - (second === undefined ? 3 : rank[second.kind]);
    if (order !== 0) return order;
  }
  return 0;
}

function partsOf(path: string): string[] | undefined {
  if (path !== basePath && !path.startsWith(`${basePath}/`)) return undefined;
  const relative = path.slice(basePath.length).replace(/^\//, '');
  return relative.replace(/\/$/, '').split('/');
}

function match(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const last = segments.at(-1);
  const isLongEnough = last?.kind === 'rest' ? parts.length >= segments.length : parts.length === segments.length;
  if (!isLongEnough) return undefined;
  const texts: [string, string][] = [];
  for (const [at, segment] of segments.entries()) {
    const part = segment.kind === 'rest' ? parts.slice(at).join('/') : (parts[at] ?? '');
    if (segment.kind === 'literal' && segment.text !== part) return undefined;
    if (part === '') return undefined;
    if (segment.kind !== 'literal') texts.push([segment.text, part]);
  }
  return Object.fromEntries(texts);
}
