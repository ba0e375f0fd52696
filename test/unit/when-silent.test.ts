// Whether a silent task is stopped: the pool's default, a deployment's word, a run's.
import { describe, expect, it } from 'vitest';
import { whenSilent } from '../../shared/domain/task/when-silent.ts';
import { checkJobVariables } from '../../shared/domain/template/job-variable-check.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';

const pool = (value: string) => ({ variables: { properties: { when_silent: { default: value } } } });
const asked = (value: string | null) => ({ when_silent: value });
const none = {};

describe('a silent task', () => {
  it('is left alone by the template that pools get, and by one that says nothing', () => {
    expect(whenSilent({ template: ecsPushTemplate, deployment: none, run: none })).toBe('leave');
    expect(whenSilent({ template: none, deployment: none, run: none })).toBe('leave');
  });

  it.each([
    ['the pool', { template: pool('stop'), deployment: none, run: none }, 'stop'],
    ['the deployment', { template: pool('leave'), deployment: asked('stop'), run: none }, 'stop'],
    ['the run', { template: pool('stop'), deployment: asked('stop'), run: asked('leave') }, 'leave'],
    ['the pool again, by null', { template: pool('stop'), deployment: asked(null), run: none }, 'stop'],
  ] as const)('is treated as %s says', (_, given, policy) => {
    expect(whenSilent(given)).toBe(policy);
  });

  it('has no third way, which a deployment is told when it is saved', () => {
    const check = (value: string) =>
      checkJobVariables({
        template: ecsPushTemplate,
        jobVariables: { when_silent: value },
        required: true,
        defaults: 'checked',
      });

    expect(check('stop')).toEqual([]);
    expect(check('kill').map(({ variable }) => variable)).toEqual(['when_silent']);
  });
});
