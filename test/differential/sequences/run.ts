// Sends one sequence to both servers, step by step, and tells where they disagree.
import { setTimeout as pause } from 'node:timers/promises';
import { keptDifference } from '../kept-differences.ts';
import { type Difference, differences, isRecord, plain } from './compare.ts';
import type { Answer, Server } from './server.ts';
import { fill, routeOf, type Step } from './step.ts';

export type Servers = { readonly theirs: Server; readonly ours: Server };

export type Disagreement = Difference & {
  readonly index: number;
  readonly route: string;
  readonly step: Step;
  readonly answers: readonly [theirs: Answer, ours: Answer];
};

/** What one server calls the things of a sequence, both ways. */
type Names = { readonly ids: Map<string, string>; readonly refs: Map<string, string> };

const patienceMs = 4000;

/** Requests to both servers, one after the other, in which things go by the names that `keep` gave them. */
export type Conversation = {
  readonly ask: (step: Step) => Promise<readonly [theirs: Told, ours: Told]>;
  /** Gives a name to what both call the same, as a moment. */
  readonly name: (name: string, value: string) => void;
  readonly close: () => Promise<void>;
};
/** An answer, and what that server's ids are called. */
export type Told = Answer & { readonly refs: ReadonlyMap<string, string> };

export function converse(servers: Servers): Conversation {
  const askOne = async (server: Server, step: Step, known: Names): Promise<Told> => {
    const answer = await askPatiently(server, step, known);
    keep(step, known, answer);
    return { ...answer, refs: known.refs };
  };
  const [theirs, ours] = [newNames(), newNames()];
  return {
    ask: (step) => Promise.all([askOne(servers.theirs, step, theirs), askOne(servers.ours, step, ours)]),
    name: (name, value) => {
      for (const { ids, refs } of [theirs, ours]) {
        ids.set(name, value);
        refs.set(value, name);
      }
    },
    close: async () => void (await Promise.all([servers.theirs.close(), servers.ours.close()])),
  };
}

const newNames = (): Names => ({ ids: new Map(), refs: new Map() });

/** Disagreements of a sequence that come again when it is run again under other names: the rest was luck. */
export async function lastingDisagreements(servers: Servers, steps: readonly Step[]): Promise<readonly Disagreement[]> {
  const found = await runSequence(servers, steps);
  if (found.length === 0) return found;
  const again = await runSequence(servers, renamed(steps, 0));
  return found.filter(({ index, at }) => again.some((other) => other.index === index && other.at === at));
}

/** The same steps about other things: the servers still hold what earlier tries made. */
export function renamed(steps: readonly Step[], time: number): readonly Step[] {
  const named = JSON.stringify(steps).replace(
    /\bq(\d+)([-_.])/g,
    (_, seed: string, mark: string) => `q${seed}t${time}x${mark}`,
  );
  return JSON.parse(
    named.replace(/3(0{7}-0000-4000-8000-)0/g, (_, rest: string) => `3${rest}${(time + 1).toString(16).slice(-1)}`),
  );
}

/** All disagreements, or those up to the first step that has one. */
export async function runSequence(
  servers: Servers,
  steps: readonly Step[],
  stopsAtFirst = false,
): Promise<readonly Disagreement[]> {
  const [theirs, ours] = [newNames(), newNames()];
  const found: Disagreement[] = [];
  for (const [index, step] of steps.entries()) {
    const seen = await askBoth(servers, step, [theirs, ours]);
    const wrong = seen.differences.filter(
      ({ at, ...values }) => !keptDifference({ route: routeOf(step), at, step, ...values }),
    );
    found.push(
      ...wrong.map((difference) => ({ ...difference, index, route: routeOf(step), step, answers: seen.answers })),
    );
    if (stopsAtFirst && found.length > 0) return found;
  }
  return found;
}

async function askBoth(servers: Servers, step: Step, [theirs, ours]: readonly [Names, Names]) {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answers = await Promise.all([askPatiently(servers.theirs, step, theirs), ask(servers.ours, step, ours)]);
    keep(step, theirs, answers[0]);
    keep(step, ours, answers[1]);
    const found = differences(plain(answers[0], theirs.refs), plain(answers[1], ours.refs), step.isUnordered === true);
    const isWaitedFor = step.isEventual === true || (isRead(step) && found.some(isNotedLate));
    if (found.length === 0 || !isWaitedFor || performance.now() > deadline) return { answers, differences: found };
    await pause(50);
  }
}

const isRead = ({ method, path }: Step): boolean => method === 'GET' || path.endsWith('/filter');

/** The real server notes polls in the background, some time after it answered them. */
const isNotedLate = ({ at, theirs }: Difference): boolean => /\.last_polled$/.test(at) && theirs === null;

function ask(server: Server, step: Step, { ids }: Names): Promise<Answer> {
  const body = step.text ?? (step.body === undefined ? undefined : JSON.stringify(step.body));
  return server.ask(step.method, encodeURI(fill(step.path, ids)), body === undefined ? undefined : fill(body, ids));
}

/** The real server's database lets go of a request when two want to write; what it let go of was not done. */
async function askPatiently(server: Server, step: Step, names: Names): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const answer = await ask(server, step, names);
    if (answer.status !== 503 || tries === 30) return answer;
    await pause(10 * (tries + 1));
  }
}

/** The first name that an id got is the one it goes by. */
function keep(step: Step, { ids, refs }: Names, { body }: Answer): void {
  for (const [name, place] of Object.entries(step.keep ?? {})) {
    const id = place
      .split('.')
      .reduce<unknown>(
        (value, key) => (Array.isArray(value) ? value[Number(key)] : isRecord(value) ? value[key] : undefined),
        body,
      );
    if (typeof id !== 'string') continue;
    ids.set(name, id);
    if (!refs.has(id)) refs.set(id, `@{${name}}`);
  }
}
