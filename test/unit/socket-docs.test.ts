// What is decided about the sockets, and believed of AWS, is written down where people look for it.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { socketLimits } from '../../shared/config/resources.ts';

const docs = new URL('../../docs/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, docs), 'utf8');

describe('what AWS limits', () => {
  const section =
    read('aws-assumptions.md')
      .split(/^## /m)
      .find((part) => part.startsWith('Sockets')) ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| belief'))
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '').trim()));

  it('stands in a row each, with what the user sees and a check', () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      expect(row).toHaveLength(3);
      for (const cell of row) expect(cell.length, row[0] ?? '').toBeGreaterThan(10);
    }
  });

  it('is complete: every limit and code of the transport aws is there', () => {
    const beliefs = rows.map(([belief]) => belief).join('\n');
    const { frameBytes, messageBytes, idleSeconds, connectionSeconds } = socketLimits;

    expect(beliefs).toContain(`${frameBytes / 1024} KB`);
    expect(beliefs).toContain(`${messageBytes / 1024} KB`);
    expect(beliefs).toContain(`${idleSeconds / 60} idle minutes`);
    expect(beliefs).toContain(`${connectionSeconds / 3600} hours`);
    for (const word of ['1001', '1009', '1003', 'PING', '$connect', 'clean code']) expect(beliefs).toContain(word);
  });

  it('names the tests that behave the same way', () => {
    for (const [file] of section.matchAll(/test\/[\w/-]+\.test\.ts/g)) {
      expect(readFileSync(new URL(`../${file}`, docs), 'utf8')).toMatch(/transport|aws/i);
    }
    expect(section).toContain('test/stack/sockets-as-on-aws.test.ts');
  });
});

describe('decisions about the sockets', () => {
  const records = readdirSync(new URL('adr', docs)).filter((file) => /^00(?:18|19|20)-/.test(file));

  it.each(records)('%s says why, what follows and what would change our mind', (file) => {
    const text = read(`adr/${file}`);

    for (const heading of ['Context', 'Decision', 'Consequences', 'What would change our mind']) {
      expect(text).toMatch(new RegExp(`^## ${heading}$`, 'm'));
    }
    expect(read('architecture.md')).toContain(`adr/${file}`);
  });

  it('are three', () => {
    expect(records).toHaveLength(3);
  });
});
