// What runs may be given: all that Prefect takes, by reference where it is large, and a clear refusal beyond.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let prepared: Prepared;
beforeAll(async () => {
  api = await startApi();
  prepared = await prepare(api);
});
afterAll(() => api.close());

describe('a run', () => {
  it('is created with 500 KB of parameters and shown with them, in lists too', async () => {
    const parameters = { text: 'ä'.repeat(250_000) };

    const created = await prepared.trigger({ parameters });
    const ids = { flow_runs: { id: { any_: [created.body.id] } } };
    const shown = await prepared.read(created.body.id);
    const { body: listed } = await api.call('POST', '/api/flow_runs/filter', { body: ids });

    expect(created.status).toBe(201);
    for (const run of [created.body, shown, listed[0]]) expect(run.parameters.text === parameters.text).toBe(true);
  });

  it('keeps them while other things of it change', async () => {
    const parameters = { text: 'x'.repeat(500_000) };
    const { id } = (await prepared.trigger({ parameters })).body;

    await api.call('PATCH', `/api/flow_runs/${id}`, { body: { tags: ['t'], job_variables: { image: 'mine' } } });

    const run = await prepared.read(id);
    expect(run.parameters.text === parameters.text).toBe(true);
    expect(run).toMatchObject({ tags: ['t'], job_variables: { image: 'mine' } });
  });

  it('may have 524,288 bytes of parameters, as Prefect has it, and not one more', async () => {
    const text = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) });

    expect((await prepared.record({ parameters: text(524_288) })).status).toBe(201);
    const refused = await prepared.record({ parameters: text(524_289) });

    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).toContain('must be less than 524,288 bytes');
  });

  it('is refused what no answer could carry, and stays as it was', async () => {
    const { id } = (await prepared.record({ job_variables: { text: 'x'.repeat(3_000_000) } })).body;

    const patched = await api.call('PATCH', `/api/flow_runs/${id}/labels`, { body: { text: 'x'.repeat(3_000_000) } });

    expect(patched.status).toBe(413);
    expect(patched.body.detail).toMatch(/may take 5500000 bytes together, got 6000\d{3}$/);
    expect((await prepared.read(id)).labels).not.toHaveProperty('text');
  });

  it('takes them along when it is deleted', async () => {
    const { id } = (await prepared.trigger({ parameters: { text: 'x'.repeat(400_000) } })).body;
    const kept = () => [...api.largeBodies.keys()].filter((key) => key.includes(id));
    expect(kept()).toHaveLength(1);

    expect((await api.call('DELETE', `/api/flow_runs/${id}`)).status).toBe(204);

    expect(kept()).toEqual([]);
  });
});
