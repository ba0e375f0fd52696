// Filters whose times leave nothing between them: the answer is an empty list, not an error.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, startApi } from './api-under-test.ts';

describe('a span of time that ends before it begins', () => {
  let api: ApiUnderTest;

  beforeAll(async () => {
    api = await startApi();
  });

  afterAll(async () => {
    await api.close();
  });

  const expected_start_time = { after_: '2031-01-01T00:00:00Z', before_: '2020-01-01T00:00:00Z' };

  it.each(['flow_runs', 'task_runs'])('has no %s', async (kind) => {
    const body = { [kind]: { expected_start_time } };

    const filtered = await api.call('POST', `/api/${kind}/filter`, { body });
    const counted = await api.call('POST', `/api/${kind}/count`, { body });

    expect([filtered.status, filtered.body, counted.status, counted.body]).toEqual([200, [], 200, 0]);
  });

  it.each(['flow_runs', 'task_runs'])('leaves the history of %s empty', async (kind) => {
    const span = { history_start: '2020-01-01T00:00:00Z', history_end: '2020-01-02T00:00:00Z' };
    const filter = { expected_start_time: { after_: '2024-01-01T00:00:00Z' } };
    const body = { ...span, history_interval_seconds: 86_400, [kind]: filter };

    const { status, body: intervals } = await api.call('POST', `/api/${kind}/history`, { body });

    expect([status, intervals.map(({ states }: { states: unknown[] }) => states)]).toEqual([200, [[]]]);
  });
});
