// The environment and the tags of a run's container: whose word counts, what is ours for good, what is never told.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../shared/domain/json.ts';
import { cleanTags } from '../../shared/domain/task/tags.ts';
import { fieldOf } from '../../shared/domain/template/json-value.ts';
import { aRun, containerOf, defaults, environmentOf, launched, templateWith } from '../support/task-input.ts';

describe('the environment', () => {
  it('takes the user’s word over ours, null removing, and keeps what is ours for good', () => {
    const env = {
      PREFECT_API_URL: 'http://elsewhere/api',
      PREFECT__FLOW_NAME: null,
      PREFECT__FLOW_RUN_ID: 'forged',
      PREFECT_API_AUTH_STRING: 'forged',
      PREFECT_LOGGING_LEVEL: 'DEBUG',
    };

    const environment = environmentOf(launched({ jobVariables: { env } }));

    expect(environment).toMatchObject({ PREFECT_API_URL: 'http://elsewhere/api', PREFECT_LOGGING_LEVEL: 'DEBUG' });
    expect(environment).toMatchObject({ PREFECT__FLOW_RUN_ID: aRun.runId });
    expect(environment).not.toHaveProperty('PREFECT__FLOW_NAME');
    expect(environment).not.toHaveProperty('PREFECT_API_AUTH_STRING');
  });

  it.each<Json>([null, 'forged'])('keeps the run id and the headers also against %j', (value) => {
    const env = { PREFECT__FLOW_RUN_ID: value, PREFECT_CLIENT_CUSTOM_HEADERS: value === null ? null : '{}' };

    const environment = environmentOf(launched({ jobVariables: { env } }));

    expect(environment).toMatchObject({ PREFECT__FLOW_RUN_ID: aRun.runId });
    expect(environment['PREFECT_CLIENT_CUSTOM_HEADERS']).toContain('"X-Slipway-Attempt":"1"');
  });

  it('merges the user’s custom headers under our own, whatever their case', () => {
    const headers = JSON.stringify({ 'X-Team': 'a', 'x-slipway-attempt': '99' });

    const environment = environmentOf(launched({ jobVariables: { env: { PREFECT_CLIENT_CUSTOM_HEADERS: headers } } }));

    expect(JSON.parse(String(environment['PREFECT_CLIENT_CUSTOM_HEADERS']))).toEqual({
      'X-Team': 'a',
      'X-Slipway-Run': aRun.runId,
      'X-Slipway-Attempt': '1',
    });
  });

  it('names no deployment for a run without one, and the page only where there is one', () => {
    const { deployment: _deployment, ...run } = aRun;

    const without = environmentOf(launched({ run }));
    const withPage = environmentOf(launched({ run, defaults: { ...defaults, uiUrl: 'https://ui' } }));

    expect(Object.keys(without).filter((name) => /DEPLOYMENT|UI_URL/.test(name))).toEqual([]);
    expect(withPage).toMatchObject({ PREFECT_UI_URL: 'https://ui' });
  });

  it('reads what a template writes into its own container override, below env', () => {
    const containerOverrides = [
      {
        environment: [
          { name: 'A', value: 'template' },
          { name: 'B', value: 'template' },
        ],
      },
    ];
    const template = templateWith({ task_run_request: { overrides: { containerOverrides } } });

    const environment = environmentOf(launched({ template, jobVariables: { env: { B: 'user' } } }));

    expect(environment).toMatchObject({ A: 'template', B: 'user', PREFECT__FLOW_RUN_ID: aRun.runId });
  });

  it('never carries the auth string outside the secrets of the definition', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.constant(null))), (env) => {
        const forged = { ...env, PREFECT_API_AUTH_STRING: 'planted-secret' };

        const task = launched({ jobVariables: { env: forged } });

        expect(JSON.stringify([task.request, task.definition])).not.toContain('planted-secret');
        expect(fieldOf(containerOf(task), 'secrets')).toHaveLength(1);
      }),
    );
  });
});

describe('tags', () => {
  it('keep what AWS allows, whatever the labels', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 600 })),
        (labels) => {
          const { tags } = cleanTags(labels);

          expect(tags.length).toBeLessThanOrEqual(50);
          expect(new Set(tags.map(({ key }) => key)).size).toBe(tags.length);
          for (const { key, value } of tags) {
            expect(key).toMatch(/^(?!aws:)[a-zA-Z0-9_./=+:@-]{1,128}$/i);
            expect(value).toMatch(/^(?!aws:)[a-zA-Z0-9_./=+:@-]{0,256}$/i);
          }
        },
      ),
    );
  });

  it('drop labels that AWS keeps for itself, in any case, and mend such values', () => {
    const { tags, warnings } = cleanTags({ 'AWS:owner': 'me', "'": 'x', owner: 'aws:me' });

    expect(tags).toEqual([{ key: 'owner', value: 'aws-me' }]);
    expect(warnings).toHaveLength(2);
  });

  it('are the first 50, with a word about the others', () => {
    const labels = Object.fromEntries(Array.from({ length: 53 }, (_, index) => [`k${index}`, 'v']));

    const { tags, warnings } = cleanTags(labels);

    expect(tags.at(-1)).toEqual({ key: 'k49', value: 'v' });
    expect(warnings).toEqual(['a task has 50 tags at most, 3 labels are left out']);
  });
});
