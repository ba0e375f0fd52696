// What counts as shown: by the answers that tests got, and never for a server that stores nothing.

import { describe, expect, it } from 'vitest';
import { readTestNames, sourceTitle } from '../../scripts/acceptance/test-names.ts';
import { coveragePage, coverageProblems } from '../../scripts/openapi/coverage.ts';
import { missingOf, type RecordedCall, showOperations, type Traits } from '../../scripts/openapi/recorded-calls.ts';

const operation = 'POST /things/filter';
const read: Traits = { hasBody: true, isWrite: false };

function aCall(over: Partial<RecordedCall>): RecordedCall {
  const test = { file: 'test/api/things.test.ts', name: 'are listed' };
  return { operation, test, request: 'r', status: 200, isEmpty: false, answer: 'full', ...over };
}

const full = aCall({});
const empty = aCall({ isEmpty: true, answer: 'empty' });
const unknown = aCall({ request: 'other', status: 404, answer: 'unknown' });
const missing = (calls: readonly RecordedCall[], traits = read) =>
  missingOf(showOperations(calls, () => traits)[operation]);

describe('an operation', () => {
  it('is shown by an answer, another one to the same request, and a refusal', () => {
    expect(missing([full, empty, unknown])).toEqual([]);
    expect(showOperations([full, empty, unknown], () => read)[operation]?.refusal).toEqual({
      status: 404,
      test: 'test/api/things.test.ts › are listed',
    });
  });

  it.each([
    ['that is never called', [], ['a non-empty answer', 'an answer that changes with what is stored', '404 or 422']],
    ['that always answers the same', [full, full, unknown], ['an answer that changes with what is stored']],
    [
      'that only ever answers nothing',
      [empty, unknown],
      ['a non-empty answer', 'an answer that changes with what is stored'],
    ],
    [
      'whose answer changes with the request alone',
      [full, aCall({ request: 'r2', answer: 'less' }), unknown],
      ['an answer that changes with what is stored'],
    ],
    ['that refuses nothing', [full, empty], ['404 or 422']],
    ['that refuses with other codes', [full, empty, aCall({ status: 409, answer: 'taken' })], ['404 or 422']],
  ])('names what no test got of one %s', (_which, calls, wanted) => {
    expect(missing(calls)).toEqual(wanted);
  });

  it('that writes may show its change by another request, since it answers what it stored', () => {
    const calls = [full, aCall({ request: 'r2', answer: 'second' }), unknown];

    expect(missing(calls, { hasBody: true, isWrite: true })).toEqual([]);
  });

  it('that answers nothing is shown by its success', () => {
    const calls = [aCall({ status: 204, isEmpty: true, answer: 'done' }), unknown];

    expect(missing(calls, { hasBody: false, isWrite: true })).toEqual([]);
  });
});

describe('an operation that is not shown in full', () => {
  const facts = (path: string, method: string) => ({ version: '1', operations: [{ method, path, name: 'a_name' }] });

  it('stands on the page with what is missing and the reason', () => {
    const page = coveragePage([], facts('/health', 'GET'), {});

    expect(page).toContain('| `GET /health` | a non-empty answer, an answer that changes with what is stored');
    expect(page).toContain('takes nothing that could be refused');
  });

  it('is a problem without a reason, and so is a reason without need', () => {
    const shown = { status: 200, test: 'a › b' };

    const bare = coverageProblems(facts('/things/{id}', 'GET'), {});
    const needless = coverageProblems(facts('/health', 'GET'), {
      'GET /health': { answer: shown, change: shown, refusal: shown },
    });

    expect(bare[0]).toMatch(/^GET \/things\/\{id\}: no test of the api gets a non-empty answer/);
    expect(needless[0]).toBe('GET /health: is shown, and needs no reason any more');
  });
});

it('finds the test that runs under a name with its cases filled in', () => {
  const tests = readTestNames(`
    describe('a pool', () => {
      it.each([1])('has %s places', () => {});
      it('has 2 places and a door', () => {});
      it.each([{}])('opens $door.name', () => {});
    });
  `);

  expect(sourceTitle(tests, 'a pool > has 2 places')).toBe('a pool › has %s places');
  expect(sourceTitle(tests, 'a pool > has 2 places and a door')).toBe('a pool › has 2 places and a door');
  expect(sourceTitle(tests, 'a pool > opens (front)')).toBe('a pool › opens $door.name');
  expect(sourceTitle(tests, 'a pool > closes')).toBeUndefined();
});
