// The rooms of the layout: each exists where something lives in it, and none is empty.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stepNames } from '../../shared/config/resources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const rooms = [
  ...stepNames.map((step) => `lambdas/${step}`),
  ...['domain', 'contract', 'use-cases', 'ports', 'adapters', 'config', 'telemetry'].map((room) => `shared/${room}`),
  ...['stacks', 'constructs'].map((room) => `cdk/${room}`),
  ...['unit', 'stores', 'api', 'prefect', 'cdk', 'faults', 'stack', 'support'].map((room) => `test/${room}`),
  'local',
  'cli',
  'bench',
  'docs/adr',
  'examples',
  'scripts',
];

const isOurs = (name: string) => !name.startsWith('.') && name !== 'node_modules' && name !== 'cdk.out';

function emptyFolders(folder: string): string[] {
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true }).filter(({ name }) => isOurs(name));
  if (entries.length === 0) return [folder];
  return entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => emptyFolders(path.join(folder, name)));
}

describe('the repository', () => {
  it('has something living in every room of the layout', () => {
    const filesOf = (room: string) =>
      readdirSync(path.join(root, room), { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());

    const empty = rooms.filter((room) => filesOf(room).length === 0);

    expect(empty).toEqual([]);
  });

  it('has no empty folder', () => {
    const empty = ['bench', 'cdk', 'cli', 'docs', 'examples', 'lambdas', 'local', 'scripts', 'shared', 'test'].flatMap(
      emptyFolders,
    );

    expect(empty).toEqual([]);
  });
});
