// Writes the sequence of a seed: which themes it has, what begins it, and what happens then.
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import { type Dice, diceFrom } from './dice.ts';
import { type Move, type Scene, sceneFor, type Theme } from './scene.ts';
import type { Step } from './step.ts';
import { themes } from './themes.ts';

export type Sequence = { readonly seed: number; readonly themes: readonly string[]; readonly steps: readonly Step[] };

const stepCount = 38;
const themeCount = 3;

/** The same seed gives the same sequence. Seeds in a row have each theme equally often. */
export function writeSequence(seed: number): Sequence {
  const dice = diceFrom(seed);
  const scene = sceneFor(`q${seed}`, dice);
  const chosen = themesOf(seed);
  const steps: Step[] = [];
  for (const theme of chosen) steps.push(...theme.begin.flatMap((move) => take(move, scene)));
  const moves = chosen.map(({ moves: own }) => own);
  for (let tries = 0; steps.length < stepCount && tries < 1000; tries += 1) {
    // Each theme gets its turn, whatever the dice say.
    const own = moves[tries % moves.length] ?? [];
    const move = dice.oneOf(own);
    if (move !== undefined) steps.push(...take(move, scene));
  }
  return { seed, themes: chosen.map(({ name }) => name), steps };
}

function themesOf(seed: number): readonly Theme[] {
  const picked = Array.from({ length: themeCount }, (_, index) => {
    // Strides that share no divisor with the number of themes bring all together with all.
    return themes[(seed + index * (1 + (Math.floor(seed / themes.length) % (themes.length - 1)))) % themes.length];
  });
  return [...new Set(picked)].filter((theme) => theme !== undefined);
}

function take(move: Move, scene: Scene): Step[] {
  const step = move(scene);
  return step === undefined ? [] : [scene.dice.once(16) ? spoil(step, scene.dice) : step];
}

const strangeValues: readonly Json[] = [null, 'strange', -1, 3.5, true, [], {}, 'x'.repeat(40)];

/** Without its filter such a request would be about what other sequences made. */
const isWide = ({ path }: Step): boolean => /filter|count|paginate|history|lateness|bulk/.test(path);
const strangeFilters: readonly Json[] = ['strange', -1, 3.5, true];

/** The same request with one thing wrong. Now and then that is no mistake after all. */
function spoil(step: Step, dice: Dice): Step {
  const { body } = step;
  if (body === undefined) return { ...step, path: step.path.replace(/@\{[\w-]+\}/, dice.one(['not-a-uuid', '0'])) };
  const { body: _, ...rest } = step;
  if (dice.once(12)) return { ...rest, text: '{"not": json' };
  if (!isObject(body)) return { ...step, body: dice.one<Json>([{}, 'text', 7]) };
  return { ...step, body: spoilObject(body, dice, isWide(step)) };
}

function spoilObject(body: JsonObject, dice: Dice, isFilter: boolean): JsonObject {
  const key = dice.oneOf(Object.keys(body));
  if (key === undefined || dice.once(6)) return { ...body, surprise: 1 };
  const inner = body[key];
  if (isObject(inner) && dice.once(2)) {
    return { ...body, [key]: spoilObject(inner, dice, isFilter) };
  }
  if (!isFilter && dice.once(3)) return Object.fromEntries(Object.entries(body).filter(([name]) => name !== key));
  // An empty name is a made-up name to Prefect.
  const strange = isFilter || key === 'name' ? strangeFilters : strangeValues;
  return { ...body, [key]: dice.oneOf(strange) ?? null };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
