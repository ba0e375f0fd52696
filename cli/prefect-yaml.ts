// Reads the deployments of a `prefect.yaml`, as `prefect deploy --all` finds them.
// Rule: nothing is executed (no build, push or pull step), and what is wrong is told with file and line.

import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

export type YamlValue = null | boolean | number | string | readonly YamlValue[] | { readonly [key: string]: YamlValue };
type YamlObject = { readonly [key: string]: YamlValue };

export type PrefectDeployment = {
  readonly name: string;
  /** As written, else from the entrypoint's function: `flows/etl.py:heavy_etl` is the flow `heavy-etl`. */
  readonly flowName: string;
  readonly entrypoint?: string;
  readonly description?: string;
  readonly version?: string;
  readonly tags: readonly string[];
  readonly parameters: YamlObject;
  readonly paused?: boolean;
  readonly concurrencyLimit?: number;
  readonly enforceParameterSchema?: boolean;
  /** As written: `{ cron | interval | rrule, timezone, active, … }`. */
  readonly schedules: readonly YamlObject[];
  readonly workPool?: { readonly name: string; readonly queueName?: string; readonly jobVariables: YamlObject };
};

export type PrefectYamlSource = {
  readonly text: string;
  /** Named in errors. */
  readonly file: string;
  /** Where `{{ $NAME }}` is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** Starts with `FILE:LINE: `. */
export class PrefectYamlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PrefectYamlError';
  }
}

const object: z.ZodType<YamlObject> = z.record(z.string(), z.json());

const workPool = z.object({
  name: z.string().min(1, 'expected a name, received an empty text'),
  work_queue_name: z.string().nullish(),
  job_variables: object.nullish(),
});

const deployment = z.object({
  name: z.string().min(1, 'expected a name, received an empty text'),
  flow_name: z.string().nullish(),
  entrypoint: z.string().nullish(),
  description: z.string().nullish(),
  version: z.string().nullish(),
  tags: z.union([z.array(z.string()), z.string()]).nullish(),
  parameters: object.nullish(),
  paused: z.boolean().nullish(),
  concurrency_limit: z.int().min(0).nullish(),
  enforce_parameter_schema: z.boolean().nullish(),
  schedule: object.nullish(),
  schedules: z.array(object).nullish(),
  work_pool: workPool.nullish(),
});

const content = z.object({ deployments: z.array(deployment) });

/**
 * The deployments of a `prefect.yaml`, in its order. YAML 1.1, as Prefect reads it: anchors, aliases and `<<` work,
 * whichever section they stand in (`definitions` is the usual one); sections and keys that are not named above are
 * ignored, as Prefect ignores them.
 *
 * Templates: `{{ $NAME }}` becomes the environment variable's text, and one that is not set is an error, where Prefect
 * warns. `{{ prefect.… }}` and `{{ ctx.… }}` stay: they are filled in when a run is launched. Any other placeholder is
 * a step's output, and an error.
 *
 * @throws PrefectYamlError
 */
export function readPrefectYaml(source: PrefectYamlSource): readonly PrefectDeployment[] {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { version: '1.1', lineCounter: lines, prettyErrors: false });
  const place: Place = { file: source.file, document, lines };
  const [problem] = document.errors;
  if (problem !== undefined) throw failure(place, { offset: problem.pos[0], text: lowerFirst(problem.message) });
  const parsed = content.safeParse(fillIn(plain(place), [], { place, environment: source.environment }));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path ?? [];
    throw failure(place, { path, text: `${pathText(path)}${lowerFirst(issue?.message ?? 'not as wanted')}` });
  }
  const deployments = parsed.data.deployments.map((entry, index) => toDeployment(entry, { place, index }));
  refuseTwins(deployments, place);
  return deployments;
}

type Place = { readonly file: string; readonly document: Document; readonly lines: LineCounter };
type Path = readonly PropertyKey[];

/** Only what is read: other sections may hold placeholders of steps, which mean nothing here. */
function plain({ document }: Place): unknown {
  // By way of JSON, so that a date is text and an alias is a copy.
  const whole: unknown = JSON.parse(JSON.stringify(document.toJS() ?? {}));
  const sections = z.looseObject({ deployments: z.unknown() }).safeParse(whole);
  return sections.success ? { deployments: sections.data.deployments } : whole;
}

type Filling = { readonly place: Place; readonly environment: PrefectYamlSource['environment'] };

function fillIn(node: unknown, path: Path, filling: Filling): unknown {
  if (typeof node === 'string') return fillInText(node, path, filling);
  if (Array.isArray(node)) return node.map((entry, index) => fillIn(entry, [...path, index], filling));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, entry]) => [key, fillIn(entry, [...path, key], filling)]));
}

function fillInText(text: string, path: Path, { place, environment }: Filling): string {
  // Steps of a single deployment are not executed either, so what they ask for is not looked at.
  if (path.some((key) => key === 'build' || key === 'push' || key === 'pull')) return text;
  return text.replace(/\{\{\s*(?<name>[^{}]*?)\s*\}\}/g, (whole: string, name: string) => {
    if (/^(?:prefect|ctx)\./.test(name)) return whole;
    if (!name.startsWith('$')) {
      throw failure(place, { path, text: `${pathText(path)}${whole} is not known: no step is executed here` });
    }
    const variable = environment[name.slice(1)];
    if (variable !== undefined) return variable;
    throw failure(place, { path, text: `${pathText(path)}environment variable ${name.slice(1)} is not set` });
  });
}

type Entry = z.output<typeof deployment>;

function toDeployment(entry: Entry, { place, index }: { place: Place; index: number }): PrefectDeployment {
  const flowName = entry.flow_name ?? flowNameOf(entry.entrypoint ?? '');
  if (flowName === '') {
    const text = `deployments[${index}]: deployment ${entry.name} has neither flow_name nor an entrypoint FILE:FUNCTION`;
    throw failure(place, { path: ['deployments', index], text });
  }
  const schedules = [...(entry.schedules ?? []), ...(entry.schedule == null ? [] : [entry.schedule])];
  return {
    name: entry.name,
    flowName,
    tags: typeof entry.tags === 'string' ? [entry.tags] : (entry.tags ?? []),
    parameters: entry.parameters ?? {},
    schedules,
    ...given('entrypoint', entry.entrypoint),
    ...given('description', entry.description),
    ...given('version', entry.version),
    ...given('paused', entry.paused),
    ...given('concurrencyLimit', entry.concurrency_limit),
    ...given('enforceParameterSchema', entry.enforce_parameter_schema),
    ...given('workPool', toWorkPool(entry.work_pool)),
  };
}

function toWorkPool(pool: Entry['work_pool']): PrefectDeployment['workPool'] {
  if (pool == null) return undefined;
  return { name: pool.name, jobVariables: pool.job_variables ?? {}, ...given('queueName', pool.work_queue_name) };
}

function given<Key extends string, Value>(key: Key, value: Value | null | undefined): { [Name in Key]?: Value } {
  const entry: { [Name in Key]?: Value } = {};
  return value == null ? entry : { ...entry, [key]: value };
}

/** Prefect names a flow after its function, with dashes. */
function flowNameOf(entrypoint: string): string {
  const name = entrypoint.includes(':') ? entrypoint.slice(entrypoint.lastIndexOf(':') + 1) : '';
  return name.replaceAll('_', '-');
}

function refuseTwins(deployments: readonly PrefectDeployment[], place: Place): void {
  const seen = new Set<string>();
  for (const [index, { flowName, name }] of deployments.entries()) {
    const full = `${flowName}/${name}`;
    if (seen.has(full)) {
      const text = `deployments[${index}]: deployment ${full} stands here a second time`;
      throw failure(place, { path: ['deployments', index], text });
    }
    seen.add(full);
  }
}

type Failure = { readonly text: string } & ({ readonly offset: number } | { readonly path: Path });

function failure(place: Place, problem: Failure): PrefectYamlError {
  const offset = 'offset' in problem ? problem.offset : offsetOf(place.document, problem.path);
  return new PrefectYamlError(`${place.file}:${place.lines.linePos(offset).line}: ${problem.text}`);
}

/** Where the value stands, or the nearest thing around it that is written down. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.hasIn(path.slice(0, length)) ? document.getIn(path.slice(0, length), true) : undefined;
    if (isNode(node) && node.range != null) return node.range[0];
  }
  return 0;
}

/** `deployments[0].work_pool: `, or nothing for the document itself. */
function pathText(path: Path): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? '' : `${text.replace(/^\./, '')}: `;
}

function lowerFirst(text: string): string {
  const cause = text.replace(/^Invalid input: /, '');
  return `${cause.slice(0, 1).toLowerCase()}${cause.slice(1)}`;
}
