// Plays many seeds: `npm run faults -- --seeds N --from M`, going on where it stopped; `--seed S` plays one and shows it
// whole; `--sabotage NAME` (or `all`) switches off a guard and looks for the seed that notices.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { playSeed } from '../support/world/play.ts';
import { sabotages } from '../support/world/sabotages.ts';
import { addReport, addTally, describeTally, emptyTally, missedCells, type Tally } from '../support/world/tally.ts';
import { describeFailure } from '../support/world/timeline.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    sabotage: { type: 'string' },
    processes: { type: 'string', default: '2' },
    /** Forget where the last run stopped. */
    fresh: { type: 'boolean', default: false },
    /** Where that is written down. */
    state: { type: 'string', default: '.cache' },
    /** For the processes that this one starts. */
    player: { type: 'boolean', default: false },
  },
});

const stateFolder = path.resolve(fileURLToPath(new URL('../..', import.meta.url)), values.state);
const stateFile = path.join(stateFolder, `faults-${values.from}-${values.seeds}.json`);
const seedsAPart = 25;

type Part = { readonly from: number; readonly count: number };

async function playPart({ from, count }: Part): Promise<Tally> {
  const tally = emptyTally();
  const begin = performance.now();
  for (let seed = from; seed < from + count; seed += 1) {
    const report = await playSeed({ seed });
    addReport(tally, report);
    if (report.violations.length > 0) console.log(describeFailure(report));
  }
  tally.seconds = (performance.now() - begin) / 1000;
  return tally;
}

async function readState(): Promise<{ done: number[]; tally: Tally }> {
  if (values.fresh) return { done: [], tally: emptyTally() };
  try {
    return JSON.parse(await readFile(stateFile, 'utf8')) as { done: number[]; tally: Tally };
  } catch {
    return { done: [], tally: emptyTally() };
  }
}

/** Parts of some seeds each, in several processes; what is done is written down at once. */
async function playMany(): Promise<number> {
  const [first, count] = [Number(values.from), Number(values.seeds)];
  const state = await readState();
  const parts = Array.from({ length: Math.ceil(count / seedsAPart) }, (_, at) => first + at * seedsAPart);
  const left = parts.filter((from) => !state.done.includes(from));
  await mkdir(stateFolder, { recursive: true });
  const work = async (): Promise<void> => {
    const player = startPlayer();
    for (let from = left.shift(); from !== undefined; from = left.shift()) {
      addTally(state.tally, await player.play({ from, count: Math.min(seedsAPart, first + count - from) }));
      state.done.push(from);
      await writeFile(stateFile, JSON.stringify(state));
      console.log(`${state.tally.seeds} of ${count} seeds, ${state.tally.violations.length} violations`);
    }
    player.end();
  };
  await Promise.all(Array.from({ length: Number(values.processes) }, work));
  console.log(describeTally(state.tally));
  const missed = missedCells(state.tally);
  for (const cell of missed) console.log(`injected too seldom: ${cell}`);
  for (const { seed, invariant, what } of state.tally.violations) console.log(`seed ${seed}: ${invariant}: ${what}`);
  return state.tally.violations.length + missed.length === 0 ? 0 : 1;
}

/** A process that plays one part after the other: a quarter of the time of a first part goes into compiling. */
function startPlayer() {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['--player']);
  return {
    play: (part: Part): Promise<Tally> =>
      new Promise((resolve, reject) => {
        const fail = (code: number | null) =>
          reject(new Error(`the process for seeds from ${part.from} ended with ${code}`));
        child.once('exit', fail);
        child.once('message', (tally) => {
          child.off('exit', fail);
          resolve(tally as Tally);
        });
        child.send(part);
      }),
    end: () => child.disconnect(),
  };
}

function playWhatIsTold(): void {
  process.on('message', (part: Part) => void playPart(part).then((tally) => process.send?.(tally)));
}

async function playOne(seed: number): Promise<number> {
  const report = await playSeed({ seed, ...chosenSabotage() });
  const option = values.sabotage === undefined ? '' : ` --sabotage ${values.sabotage}`;
  console.log(describeFailure(report, option));
  return report.violations.length === 0 ? 0 : 1;
}

function chosenSabotage() {
  const sabotage = values.sabotage === undefined ? undefined : sabotages[values.sabotage];
  return sabotage === undefined ? {} : { sabotage };
}

/** The first seed that notices, by an invariant that the sabotage names. */
async function seek(name: string): Promise<boolean> {
  const sabotage = sabotages[name];
  if (sabotage === undefined) throw new Error(`no sabotage ${name}`);
  const first = Number(values.from);
  for (let seed = first; seed < first + 500; seed += 1) {
    const { violations } = await playSeed({ seed, sabotage });
    const found = violations.find(({ invariant }) => sabotage.caughtBy.includes(invariant));
    if (found === undefined) continue;
    console.log(`${name}: caught by seed ${seed} (${seed - first + 1} played): ${found.invariant}: ${found.what}`);
    return true;
  }
  console.log(`${name}: NOT caught within 500 seeds (${sabotage.file}: ${sabotage.guard})`);
  return false;
}

async function main(): Promise<number> {
  if (values.player) {
    playWhatIsTold();
    return 0;
  }
  if (values.seed !== undefined) return playOne(Number(values.seed));
  if (values.sabotage === undefined) return playMany();
  const names = values.sabotage === 'all' ? Object.keys(sabotages) : [values.sabotage];
  const unknown = names.find((name) => sabotages[name] === undefined);
  if (unknown !== undefined) {
    console.error(`--sabotage must be all or one of ${Object.keys(sabotages).join(', ')}, got ${unknown}`);
    return 2;
  }
  let missed = 0;
  for (const name of names) if (!(await seek(name))) missed += 1;
  return missed === 0 ? 0 : 1;
}

process.exitCode = await main();
