// The page of known limits names the tests that show what it promises: each must exist and run, and a line without a
// test must say why.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkTestNames } from '../../scripts/acceptance/check.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(path.join(root, 'docs/known-limits.md'), 'utf8');

/** Rows of the tables whose third column names tests. */
function rowsOf(
  markdown: string,
): readonly { readonly what: string; readonly here: string; readonly tests: string[] }[] {
  const from = markdown.indexOf('## What hurts users of other systems');
  return markdown
    .slice(from)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| What |'))
    .map((line) => {
      const [what = '', here = '', shown = ''] = line.slice(2, -2).split(' | ');
      return { what, here, tests: shown === '—' ? [] : shown.split('<br>') };
    });
}

const rows = rowsOf(page);

describe('known limits', () => {
  it('have a line for each thing that hurts elsewhere, and for each habit of AWS', () => {
    expect(rows).toHaveLength(23 + 83 + 84);
    expect(rows.filter(({ what, here }) => what === '' || here === '')).toEqual([]);
  });

  it('name tests that exist and run', async () => {
    const names = rows.flatMap(({ tests }) => tests);

    expect(await checkTestNames([...new Set(names)], root)).toEqual([]);
    expect(names.length).toBeGreaterThan(150);
  });

  it('say why, where no test shows anything', () => {
    const unshown = rows.filter(({ tests }) => tests.length === 0);

    expect(unshown.filter(({ here }) => !/^(later|not prevented|differs): /.test(here))).toEqual([]);
  });

  it('name code that is there', () => {
    const files = rows.flatMap(({ here }) => [...here.matchAll(/`(shared\/[^`]+)`/g)].map(([, file]) => file ?? ''));

    for (const file of files) expect(() => readFileSync(path.join(root, file))).not.toThrow();
  });
});
