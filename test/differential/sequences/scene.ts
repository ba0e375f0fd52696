// What a sequence has made so far, as far as its writer knows: names of things by kind.
// The writer never sees an answer, so a thing may turn out not to exist; both servers then say so.
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import type { Dice } from './dice.ts';
import { nobody, type Step } from './step.ts';

export type Scene = {
  readonly dice: Dice;
  /** Begins every name that the sequence makes up. */
  readonly prefix: string;
  /** A new name of this kind; `add` makes it known. */
  fresh(kind: string): string;
  add(kind: string, name: string): string;
  drop(kind: string, name: string): void;
  /** A known one as a reference, seldom one that nobody has; undefined while there is none. */
  ref(kind: string): string | undefined;
  /** The same for things that go by their name. */
  named(kind: string): string | undefined;
  all(kind: string): readonly string[];
};

/** What a theme can do next; undefined when something it needs is missing. */
export type Move = (scene: Scene) => Step | undefined;

export type Theme = {
  readonly name: string;
  /** Steps that the rest builds on. */
  readonly begin: readonly Move[];
  readonly moves: readonly Move[];
};

export function sceneFor(prefix: string, dice: Dice): Scene {
  const things = new Map<string, string[]>();
  let count = 0;
  const all = (kind: string) => things.get(kind) ?? [];
  const pick = (kind: string): string | undefined => dice.oneOf(all(kind));
  return {
    dice,
    prefix,
    all,
    fresh: (kind) => {
      count += 1;
      return `${prefix}-${kind}-${count}`;
    },
    add: (kind, name) => {
      things.set(kind, [...all(kind), name]);
      return name;
    },
    drop: (kind, name) => {
      if (all(kind).length > 1 || dice.once(2))
        things.set(
          kind,
          all(kind).filter((other) => other !== name),
        );
    },
    ref: (kind) => {
      const name = pick(kind);
      if (name === undefined) return undefined;
      return dice.once(30) ? nobody : `@{${name}}`;
    },
    named: (kind) => {
      const name = pick(kind);
      return name !== undefined && dice.once(30) ? `${prefix}-nobody` : name;
    },
  };
}

/** The name in a reference. */
export function nameIn(ref: string): string {
  return ref.replace(/^@\{|\}$/g, '');
}

/** A POST that makes a thing whose id is then known as `name`. */
export function create(path: string, name: string, body: Json): Step {
  return { method: 'POST', path, body, keep: { [name]: 'id' } };
}

export function get(path: string): Step {
  return { method: 'GET', path };
}

export function post(path: string, body?: Json): Step {
  return { method: 'POST', path, ...(body === undefined ? {} : { body }) };
}

export function patch(path: string, body: Json): Step {
  return { method: 'PATCH', path, body };
}

export function remove(path: string): Step {
  return { method: 'DELETE', path };
}

/** A move about a thing of this kind, if there is one. */
export const ofThing =
  (kind: string, make: (thing: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const thing = scene.ref(kind);
    return thing === undefined ? undefined : make(thing, scene);
  };

/** References to all things of this kind. */
export const idsOf = (scene: Scene, kind: string): string[] => scene.all(kind).map((name) => `@{${name}}`);

/** Deletes one now and then. */
export const removeThing = (kind: string, path: string): Move =>
  ofThing(kind, (thing, scene) => {
    if (!scene.dice.once(3)) return undefined;
    scene.drop(kind, nameIn(thing));
    return remove(`${path}/${thing}`);
  });

/** Some of the fields, by chance. */
export function someOf(dice: Dice, fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(() => dice.once(3)));
}

export const past = ['2020-01-02T03:04:05Z', '2024-06-30T23:59:59.123456Z', '2025-03-01T00:00:00+02:00'] as const;
export const future = ['2031-05-06T07:08:09Z', '2033-12-31T12:00:00.5Z', '2040-02-29T00:00:00-05:00'] as const;
