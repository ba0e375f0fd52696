import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe.each(['/api/templates/validate', '/api/automations/templates/validate'])('templates at %s', (path) => {
  it.each(['hello', '', '{{ a.b[1:2] }}', '{% for a in b %}{% endfor %}', '{{ x | nothing }}'])(
    'can be %j',
    async (template) => {
      expect((await api.call('POST', path, { body: template })).status).toBe(204);
    },
  );

  it('can be left out', async () => {
    expect((await api.call('POST', path)).status).toBe(204);
  });

  it('are refused with line, reason and source', async () => {
    const source = 'line 1\nline 2 {{ x';

    const answer = await api.call('POST', path, { body: source });

    expect(answer.status).toBe(422);
    expect(answer.body).toEqual({ error: { line: 2, message: expect.any(String), source } });
  });

  it.each([{ template: 'x' }, 5, ['x']])('cannot be %j', async (body) => {
    expect((await api.call('POST', path, { body })).status).toBe(422);
  });
});

describe('values for a schema', () => {
  const check = (schema: unknown, values: unknown) =>
    api.call('POST', '/api/ui/schemas/validate', { body: { schema, values } });
  const integer = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
  const wrong = (message: string) => ({ valid: false, errors: [{ property: 'a', errors: [message] }] });

  it('fit, or say where they do not', async () => {
    expect((await check(integer, { a: 1 })).body).toEqual({ valid: true, errors: [] });
    expect((await check(integer, {})).body).toEqual(wrong("'a' is a required property"));
    expect((await check(integer, { a: 'x' })).body).toEqual(wrong("'x' is not of type 'integer'"));
  });

  it('are filled in with variables before they are judged', async () => {
    const variable = { a: { __prefect_kind: 'workspace_variable', variable_name: 'count' } };

    const before = await check(integer, variable);
    await api.call('POST', '/api/variables/', { body: { name: 'count', value: 3 } });
    const after = await check(integer, variable);

    expect(before.body).toEqual(wrong("Variable 'count' not found in workspace."));
    expect(after.body).toEqual({ valid: true, errors: [] });
  });

  it('are not judged where a template is still to be rendered', async () => {
    const template = (text: string) => ({ a: { __prefect_kind: 'jinja', template: text } });

    expect((await check(integer, template('{{ x }}'))).body.valid).toBe(true);
    expect((await check(integer, template('{{ x '))).body.errors[0].errors[0]).toMatch(/^Invalid jinja: /);
  });

  it.each([
    ['no schema', { type: 'nope' }],
    ['a reference that leads nowhere', { properties: { a: { $ref: '#/definitions/X' } } }],
    ['a reference to another place', { properties: { a: { $ref: 'http://example.com/x' } } }],
    ['a circle', { $ref: '#' }],
    ['a list', []],
  ])('are answered 422 with %s', async (_what, schema) => {
    expect((await check(schema, { a: 1 })).status).toBe(422);
  });
});
