// Our rendering of job templates against Prefect's own: equal results, and refused on one side means on both.
import { beforeAll, describe, expect, it } from 'vitest';
import { checkJobVariables } from '../../shared/domain/template/job-variable-check.ts';
import { mergeJobVariables } from '../../shared/domain/template/job-variables.ts';
import { fieldOf } from '../../shared/domain/template/json-value.ts';
import { type RenderResult, renderJobConfiguration, templateReferences } from '../../shared/domain/template/render.ts';
import { type Answer, askPython } from './prefect-oracle.ts';
import { type TemplateCase, templateCase } from './template-cases.ts';

const cases = Array.from({ length: 500 }, (_, index) => templateCase(20_260 + index));

describe('500 generated job templates', () => {
  let renderings: readonly Answer[] = [];
  let checks: readonly Answer[] = [];

  beforeAll(async () => {
    const questions = cases.map((given) => ({ ask: 'render', ...given }));
    const checkQuestions = cases.map(({ template, deployment, run }) => {
      return { ask: 'check', template, values: mergeJobVariables(deployment, run), required: true };
    });
    const answers = await askPython('prefect', 'render.py', [...questions, ...checkQuestions]);
    renderings = answers.slice(0, cases.length);
    checks = answers.slice(cases.length);
  }, 600_000);

  it('render to what Prefect renders, or are refused by both', () => {
    const ours = cases.map(render);

    const differences = cases.flatMap((given, index) => {
      const theirs = renderings[index];
      const own = ours[index];
      const equal =
        theirs?.ok === true ? own?.ok === true && isSame(own.configuration, theirs.answer) : own?.ok === false;
      return equal ? [] : [{ seed: 20_260 + index, given, theirs, own }];
    });

    expect(differences.length, JSON.stringify(differences[0], undefined, 1)).toBe(0);
  });

  it('are rendered in their majority, and refused often enough to compare refusals', () => {
    const refused = renderings.filter(({ ok }) => !ok).length;

    expect(refused).toBeGreaterThan(40);
    expect(refused).toBeLessThan(250);
  });

  it("have their job variables accepted or refused as by Prefect's server", () => {
    const differences = cases.flatMap((given, index) => {
      const theirs = checks[index];
      const jobVariables = mergeJobVariables(given.deployment, given.run);
      const problems = checkJobVariables({
        template: given.template,
        jobVariables,
        required: true,
        defaults: 'passed-over',
      });
      return theirs?.ok === (problems.length === 0) ? [] : [{ seed: 20_260 + index, jobVariables, theirs, problems }];
    });

    expect(differences.length, JSON.stringify(differences[0], undefined, 1)).toBe(0);
    expect(checks.filter(({ ok }) => ok).length).toBeGreaterThan(20);
    expect(checks.filter(({ ok }) => !ok).length).toBeGreaterThan(20);
  });
});

/** In the two steps of a use case: what is referred to is loaded, nothing else is there to find. */
function render(given: TemplateCase): RenderResult {
  const values = mergeJobVariables(given.deployment, given.run);
  const options = { environment: given.environment };
  const { blocks, blockIds } = templateReferences(given.template, values, options);
  const loaded = new Map(
    blocks.map(({ type, name }) => [`${type}.${name}`, fieldOf(given.facts.blocks, `${type}.${name}`)]),
  );
  const loadedIds = new Map(blockIds.map((id) => [id, fieldOf(given.facts.blockIds, id)]));
  const byName = (type: string, name: string) => loaded.get(`${type}.${name}`);
  const byId = (id: string) => loadedIds.get(id);
  const { variables } = templateReferences(given.template, values, { ...options, blocks: { byName, byId } });
  const known = variables.filter((name) => Object.hasOwn(given.facts.variables, name));
  return renderJobConfiguration({
    ...options,
    template: given.template,
    values,
    variables: Object.fromEntries(known.map((name) => [name, fieldOf(given.facts.variables, name) ?? null])),
    blocks: byName,
    blockById: byId,
    ctx: given.ctx,
  });
}

function isSame(one: unknown, other: unknown): boolean {
  try {
    expect(one).toEqual(other);
    return true;
  } catch {
    return false;
  }
}
