// The names by which our tasks are found again: startedBy and the client token, within what ECS allows.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientTokenOf, ownerOf, startedBy } from '../../shared/domain/task/started-by.ts';
import { runId } from '../support/run-builders.ts';

const owners = fc.record({
  stack: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  runId: fc.uuid(),
  attempt: fc.integer({ min: 1, max: 999_999 }),
});

describe('startedBy', () => {
  it('reads as it is written, within 128 characters that ECS takes', () => {
    fc.assert(
      fc.property(owners, (owner) => {
        const text = startedBy(owner);
        expect(text).toMatch(/^[A-Za-z0-9/_-]{1,128}$/);
        expect(ownerOf(text)).toEqual(owner);
      }),
    );
  });

  it.each([
    undefined,
    '',
    'ecs-svc/1234567890',
    `slipway/prod/${runId}`,
    `slipway/prod/${runId}/`,
    `slipway/prod/${runId}/x`,
    `slipway/prod/${runId}/1234567`,
    `slipway/prod/${runId}/1/2`,
    `slipway//${runId}/1`,
    `slipway/pro.d/${runId}/1`,
    `slipway/prod/${runId.slice(1)}/1`,
    `other/prod/${runId}/1`,
    ` slipway/prod/${runId}/1`,
    `slipway/prod/${runId}/1\n`,
  ])('of others names no owner: %j', (text) => {
    expect(ownerOf(text)).toBeUndefined();
  });
});

describe('a client token', () => {
  it('is one of a kind for run, attempt and try, within 64 characters', () => {
    fc.assert(
      fc.property(owners, owners, fc.nat(9_999), fc.nat(9_999), (one, other, try1, try2) => {
        const [first, second] = [
          clientTokenOf(one.runId, one.attempt, try1),
          clientTokenOf(other.runId, other.attempt, try2),
        ];
        const isSame = one.runId === other.runId && one.attempt === other.attempt && try1 === try2;
        expect(first.length).toBeLessThanOrEqual(64);
        expect(first === second).toBe(isSame);
      }),
    );
    expect(clientTokenOf(runId, 1, 11)).not.toBe(clientTokenOf(runId, 11, 1));
  });
});
