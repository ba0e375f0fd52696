// The rendering of job templates, rule by rule. That the rules are Prefect's is shown by the differential tests.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { mergeJobVariables } from '../../shared/domain/template/job-variables.ts';
import { pythonText } from '../../shared/domain/template/python-text.ts';
import { type RenderInput, renderJobConfiguration, templateReferences } from '../../shared/domain/template/render.ts';

/** A template whose only interesting key is `it`. */
function aTemplate(it: Json, properties: JsonObject = {}): JsonObject {
  return { job_configuration: { it }, variables: { type: 'object', properties } };
}

function render(given: Partial<RenderInput> & Pick<RenderInput, 'template'>): Json {
  const result = renderJobConfiguration({ values: {}, variables: {}, blocks: () => undefined, ...given });
  return result.ok ? result.configuration : `refused: ${result.problem}`;
}

const bare = { command: null, env: {}, labels: {}, name: null };

describe('placeholders', () => {
  it.each<[string, Json, Json]>([
    ['keeps the type of a value that is exactly one placeholder', '{{ cpu }}', 256],
    ['keeps null', '{{ nothing }}', null],
    ['writes embedded values as Python does', 'a {{ cpu }} {{ nothing }} {{ map }}', "a 256 None {'k': [True, 1.5]}"],
    ['takes surrounding space for text', ' {{ cpu }}', ' 256'],
    ['writes nothing for an unset embedded one', 'a{{ unset }}b', 'ab'],
    ['follows dots, indices and characters', '{{ map.k[1] }}{{ map.k.-1 }}{{ word[0] }}', '1.51.5w'],
    ['never takes an integer for a key', { gone: '{{ map.0 }}', kept: 1 }, { kept: 1 }],
    ['drops unset ones from objects and lists', { gone: '{{ unset }}', list: ['{{ unset }}', 1] }, { list: [1] }],
    ['leaves what is no placeholder', '{{ two words }} { cpu }', '{{ two words }} { cpu }'],
    ['knows nothing of the control plane’s environment', 'x{{ $PATH }}', 'x'],
  ])('%s', (_fact, it, expected) => {
    const values = { cpu: 256, nothing: null, map: { k: [true, 1.5] }, word: 'word' };

    const configuration = render({ template: aTemplate(it), values });

    expect(configuration).toEqual({ ...bare, it: expected });
  });

  it('drops a key whose only placeholder is unset', () => {
    const configuration = render({ template: aTemplate('{{ unset }}') });

    expect(configuration).toEqual(bare);
  });

  it('leaves everything without placeholders as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const plain: Json = JSON.parse(JSON.stringify(value).replaceAll('{{', '').replaceAll('$ref', 'ref'));

        expect(render({ template: aTemplate(plain) })).toEqual({ ...bare, it: plain });
      }),
    );
  });

  it('keeps a key named __proto__ a key', () => {
    const it: Json = JSON.parse('{"__proto__": {"polluted": "{{ x }}"}}');

    const configuration = render({ template: aTemplate(it), values: JSON.parse('{"x": 1, "__proto__.y": 2}') });

    expect(JSON.stringify(configuration)).toContain('{"__proto__":{"polluted":1}}');
    expect(Reflect.get({}, 'y')).toBeUndefined();
  });
});

describe('job variables', () => {
  it('stand over the defaults of the schema, whose null defaults count as none', () => {
    const properties = { a: { default: 1 }, b: { default: 2 }, c: { default: null } };
    const it = { a: '{{ a }}', b: '{{ b }}', c: '{{ c }}' };

    const configuration = render({ template: aTemplate(it, properties), values: { b: null } });

    expect(configuration).toEqual({ ...bare, it: { a: 1, b: null } });
  });

  it('may have dotted keys, below which nested ones win', () => {
    const values = { 'map.a': 1, 'map.b.c': 2, map: { b: { d: 3 } } };

    const configuration = render({ template: aTemplate('{{ map }}'), values });

    expect(configuration).toEqual({ ...bare, it: { a: 1, b: { c: 2, d: 3 } } });
  });

  it('merge env: the template’s own, then the default, then the given one', () => {
    const template = {
      job_configuration: { env: { A: 'template', B: 'template', C: '{{ x }}' } },
      variables: { properties: { env: { default: { B: 'default', D: 'default' } } } },
    };

    const configuration = render({ template, values: { env: { D: null, E: 5 }, x: true } });

    expect(configuration).toEqual({ ...bare, env: { A: 'template', B: 'default', C: 'True', D: null, E: '5' } });
  });

  it('of a run win over the deployment’s, env key by key', () => {
    const merged = mergeJobVariables(
      { cpu: 1, image: 'a', env: { A: '1', B: '2' } },
      { cpu: 2, env: { B: null, C: '3' } },
    );

    expect(merged).toEqual({ cpu: 2, image: 'a', env: { A: '1', B: null, C: '3' } });
  });

  it('of a run replace an env that is no object, and are refused as one', () => {
    expect(mergeJobVariables({ env: 'A=1' }, { env: { B: '2' } })).toEqual({ env: { B: '2' } });
    expect(mergeJobVariables({ env: { A: '1' } }, { env: 'B=2' })).toEqual({ env: 'B=2' });
  });

  it('cannot join an env that is no object to one that is', () => {
    const template = { job_configuration: { env: { A: '1' } }, variables: {} };

    expect(render({ template, values: { env: ['B=2'] } })).toBe(
      'refused: env must be an object of names and values, got a list',
    );
  });

  it('of a run with an env of null keep the deployment’s env', () => {
    expect(mergeJobVariables({ env: { A: '1' } }, { env: null, cpu: 1 })).toEqual({ env: { A: '1' }, cpu: 1 });
  });
});

describe('blocks and variables', () => {
  const blocks = (type: string, name: string): Json | undefined => {
    if (type === 'secret' && name === 'token') return { value: 'hush' };
    if (type === 'json') return { value: { values: 1 } };
    return type === 'aws' && name === 'main'
      ? { id: 7, url: 's3://{{ prefect.variables.bucket }}', tags: [] }
      : undefined;
  };

  it.each<[Json, Json]>([
    ['{{ prefect.variables.region }}', { name: 'eu' }],
    ['{{ prefect.variables.unknown }}', ''],
    ['at {{ prefect.variables.region }}', "at {'name': 'eu'}"],
    ['{{ prefect.blocks.secret.token }}', 'hush'],
    ['{{ prefect.blocks.secret.token.value }}', 'hush'],
    ['{{ prefect.blocks.json.map.values }}', 1],
    ['{{ prefect.blocks.json.map.value.values }}', 1],
    ['Bearer {{ prefect.blocks.secret.token }}', 'Bearer hush'],
    ['{{ prefect.blocks.aws.main.url }}', 's3://b'],
    [{ $ref: { block_document_id: 'x' } }, { data: 1 }],
    [{ $ref: { block_document_id: '' } }, { $ref: { block_document_id: '' } }],
  ])('%j becomes %j', (it, expected) => {
    const variables = { region: { name: 'eu' }, bucket: 'b' };

    const configuration = render({ template: aTemplate(it), variables, blocks, blockById: () => ({ data: 1 }) });

    expect(configuration).toEqual({ ...bare, it: expected });
  });

  it.each<[Json, string]>([
    ['{{ prefect.blocks.secret.other }}', 'no block named other of the type secret'],
    ['{{ prefect.blocks.secret }}', '{{ prefect.blocks.secret }} names no block: wanted prefect.blocks.<type>.<name>'],
    ['{{ prefect.blocks.aws.main.x }}', '{{ prefect.blocks.aws.main.x }} leads nowhere in the data of its block'],
    [
      'a {{ prefect.blocks.aws.main.tags }}',
      '{{ prefect.blocks.aws.main.tags }} is a list and cannot stand inside text: name one of its plain values',
    ],
    [{ $ref: { block_document_id: 'x' } }, 'no block document with the id x'],
    [{ $ref: { block_document_id: 5 } }, 'a block_document_id must be text, got a number'],
    [{ $ref: '#/x' }, 'a $ref in the job configuration must be an object with a block_document_id, got text'],
  ])('%j is refused', (it, problem) => {
    expect(render({ template: aTemplate(it), blocks })).toBe(`refused: ${problem}`);
  });

  it('are named before rendering, those in block data once the blocks are there', () => {
    const template = aTemplate([
      '{{ x }}',
      'a {{ prefect.blocks.aws.main.url }}',
      { $ref: { block_document_id: 'id' } },
    ]);
    const values = { x: '{{ prefect.variables.region }}' };

    const first = templateReferences(template, values);
    const second = templateReferences(template, values, { blocks: { byName: blocks, byId: () => undefined } });

    expect(first).toEqual({ variables: ['region'], blocks: [{ type: 'aws', name: 'main' }], blockIds: ['id'] });
    expect(second.variables).toEqual(['region', 'bucket']);
  });

  it('of a template that cannot be rendered are not named', () => {
    expect(templateReferences({}, {})).toEqual({ variables: [], blocks: [], blockIds: [] });
  });

  it('are neither named nor read below a key that stays unresolved', () => {
    const template = aTemplate({ $ref: { block_document_id: 'gone' } });

    const named = templateReferences(template, {}, { unresolved: ['it'] });
    const configuration = render({ template, unresolved: ['it'] });

    expect(named.blockIds).toEqual([]);
    expect(configuration).toEqual({ ...bare, it: { $ref: { block_document_id: 'gone' } } });
  });
});

describe('the parts every worker reads', () => {
  const template = {
    job_configuration: { command: '{{ command }}', env: '{{ env }}', labels: '{{ labels }}', name: '{{ name }}' },
    variables: {},
  };

  it.each<[JsonObject, string]>([
    [{ command: ['a'] }, 'command must be text or null, got a list'],
    [{ name: 5 }, 'name must be text or null, got a number'],
    [{ env: 'A=1' }, 'env must be an object of names and values, got text'],
    [{ labels: { a: 1 } }, 'the label a must be text, got a number'],
    [{ labels: null }, 'labels must be an object of names and texts, got null'],
    [
      { 'a.b': 1, 'a.b.c': 2 },
      'the job variable b is set as a number and by a dotted key below it: use one of the two',
    ],
  ])('%j are refused', (values, problem) => {
    expect(render({ template, values })).toBe(`refused: ${problem}`);
  });

  it('count an empty command as none', () => {
    expect(render({ template, values: { command: '' } })).toEqual(bare);
  });

  it.each<[Json, string]>([
    ['{{ ctx.flow.name }} {{ ctx.flow_run.no }}', 'etl '],
    ['{{ ctx.unknown }}', '{{ ctx.unknown }}'],
    ['', 'brave-otter'],
    [null, 'brave-otter'],
  ])('names the run %j with the flow and run at hand', (name, expected) => {
    const ctx = { flow: { name: 'etl' }, flow_run: { name: 'brave-otter' } };

    const configuration = render({ template, values: { name }, ctx });

    expect(configuration).toEqual({ ...bare, name: expected });
  });

  it.each<[JsonObject, string]>([
    [{}, "the template's job_configuration must be an object, got nothing"],
    [{ job_configuration: {} }, "the template's variables must be a JSON schema, got nothing"],
    [
      { job_configuration: {}, variables: { properties: [] } },
      "the properties of the template's variables must be an object, got a list",
    ],
    [
      { job_configuration: {}, variables: { properties: { a: true } } },
      'the variable a must be described by a JSON schema, got a boolean',
    ],
  ])('refuses the template %j', (broken, problem) => {
    expect(render({ template: broken })).toBe(`refused: ${problem}`);
  });
});

describe('text as Python writes it', () => {
  it.each<[Json, string]>([
    [12_345_678_901, '12345678901'],
    [0.1, '0.1'],
    [0.00001, '1e-05'],
    [-1.5e-7, '-1.5e-07'],
    [["it's", '"', 'both\'"'], `["it's", '"', 'both\\'"']`],
    [['\u0001\n\u200b\u{e0001}é'], "['\\x01\\n\\u200b\\U000e0001é']"],
  ])('%j is %s', (value, text) => {
    expect(pythonText(value)).toBe(text);
  });
});
