// Holds the import rules of `.dependency-cruiser.mjs` against a folder of sources, and against a planted project
// that breaks each of them. The tool once passed having read no file at all, so what it read is counted too.

import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { plantedFiles, plantedPackages } from './planted-imports.ts';

const rooms = ['shared', 'lambdas', 'local', 'cdk', 'cli', 'ui', 'test', 'bench', 'scripts'];

export type BoundaryFindings = {
  /** One sentence for each forbidden import and each file that was not read. */
  readonly problems: readonly string[];
  readonly fileCount: number;
};

/** Checks every source file in the rooms under `root`. */
export async function checkBoundaries(root: string, configuration: IConfiguration): Promise<BoundaryFindings> {
  const result = await cruiseRooms(root, configuration);
  const read = new Set(result.modules.map((module) => module.source));
  const files = rooms.flatMap((room) => globSync(`${room}/**/*.ts`, { cwd: root }));
  const unread = files.filter((file) => !read.has(file.split(path.sep).join('/')));
  const problems = [
    ...result.summary.violations.map(({ from, to, rule }) => `${from} imports ${to}: forbidden by ${rule.name}`),
    ...unread.map((file) => `${file}: not read by dependency-cruiser`),
    ...(files.length === 0 ? ['no source file found: wanted at least one'] : []),
  ];
  return { problems, fileCount: files.length };
}

/** Checks that each rule flags what is planted against it, and that nothing else is flagged. */
export async function checkPlantedImports(configuration: IConfiguration): Promise<readonly string[]> {
  const folder = await mkdtemp(path.join(await realpath(tmpdir()), 'slipway-planted-'));
  try {
    await plant(folder);
    const result = await cruiseRooms(folder, configuration);
    const flagged = new Set(result.summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`));
    const wanted = new Set(plantedFiles.flatMap(({ file, breaks }) => breaks.map((rule) => `${file}: ${rule}`)));
    const planted = new Set(plantedFiles.flatMap(({ breaks }) => breaks));
    const rules = (configuration.forbidden ?? []).map((rule) => rule.name ?? 'a rule without a name');
    return [
      ...[...wanted].filter((one) => !flagged.has(one)).map((one) => `planted violation not flagged: ${one}`),
      ...[...flagged].filter((one) => !wanted.has(one)).map((one) => `allowed import flagged: ${one}`),
      ...rules.filter((rule) => !planted.has(rule)).map((rule) => `no violation planted for ${rule}`),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function cruiseRooms(root: string, configuration: IConfiguration): Promise<ICruiseResult> {
  const present = rooms.filter((room) => existsSync(path.join(root, room)));
  const { output } = await cruise(present, {
    ...configuration.options,
    ruleSet: { forbidden: configuration.forbidden ?? [] },
    validate: true,
    baseDir: root,
  });
  if (typeof output === 'string') throw new Error(`wanted a cruise result, got text: ${output.slice(0, 200)}`);
  return output;
}

async function plant(folder: string): Promise<void> {
  const dependencies = Object.fromEntries(plantedPackages.map((name) => [name, '1.0.0']));
  await write(folder, 'package.json', JSON.stringify({ name: 'planted', type: 'module', dependencies }));
  for (const name of plantedPackages) {
    await write(folder, `node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0' }));
    await write(folder, `node_modules/${name}/index.js`, '');
  }
  for (const { file, source } of plantedFiles) await write(folder, file, source);
}

async function write(folder: string, file: string, text: string): Promise<void> {
  const target = path.join(folder, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
}
