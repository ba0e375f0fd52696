// The README keeps its promises to a newcomer: what it must show stands in it, and what it names exists.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The text between a heading and the next one of its level. */
function section(pattern: RegExp): string {
  const found = readme.split(/^## /m).find((part) => pattern.test(part.split('\n')[0] ?? ''));
  if (found === undefined) throw new Error(`the README has no section like ${pattern}`);
  return found;
}

describe('the README', () => {
  it('says what Slipway is in five lines', () => {
    const [, opening = ''] = readme.split('\n\n');

    expect(opening.split('\n')).toHaveLength(5);
  });

  it('draws the road with every step on it', () => {
    const picture = section(/road/i);

    for (const step of ['api', 'trigger', 'submit', 'observe', 'clock', 'publish'])
      expect(picture).toContain(`( ${step} )`);
  });

  it('has the two commands with their output', () => {
    expect(readme).toContain('npm ci && npm start');
    expect(readme).toContain('npm test');
    expect(readme).toMatch(/slipway ready http:\/\/127\.0\.0\.1:4200\/api/);
    expect(readme).toMatch(/\d+ passed, 0 failed/);
  });

  it('shows a run by curl, a run by prefect and how to deploy', () => {
    expect(readme).toMatch(/curl .*create_flow_run/);
    expect(readme).toContain('prefect deployment run');
    expect(readme).toMatch(/cdk bootstrap[\s\S]{0,200}cdk deploy/);
  });

  it('says where things live and how a change is made, in folders that exist', () => {
    const folders = [...section(/where/i).matchAll(/`?(lambdas|shared|cdk|local|cli|test|bench|docs|examples)\/?`?/g)];

    expect(folders.length).toBeGreaterThan(5);
    for (const [, folder = ''] of folders) expect(existsSync(new URL(`../../${folder}`, import.meta.url))).toBe(true);
    expect(section(/change/i)).toContain('npm run check');
  });

  it('names the Apache licence, whose text is here', () => {
    const licence = readFileSync(new URL('../../LICENSE', import.meta.url), 'utf8');

    expect(readme).toMatch(/Apache/);
    expect(licence).toContain('Apache License');
  });
});
