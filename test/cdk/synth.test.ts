// The real `cdk synth`, as a newcomer runs it: it bundles every Lambda and lets no finding of cdk-nag pass.
// Findings and acknowledgements must be the same set, so that a reason never outlives what it excuses.
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type Acknowledgement, acknowledgements } from '../../cdk/acknowledgements.ts';
import { readSettings } from '../../cdk/settings.ts';
import { DataStack } from '../../cdk/stacks/data-stack.ts';
import { ServiceStack } from '../../cdk/stacks/service-stack.ts';
import { stepNames } from '../../shared/config/resources.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runCdk } from './cdk-cli.ts';
import { appContext, projectRoot } from './templates.ts';

type Finding = { readonly rule: string; readonly path: string };

describe('npx cdk synth', () => {
  it('gives both stacks and a bundle of every Lambda, without a finding', async () => {
    await using output = await tempDir();

    const answer = await runCdk(['synth', '--quiet', '--output', output.path]);

    expect(answer.output).not.toMatch(/^(ERROR|WARNING)/m);
    expect(answer.exitCode, answer.output).toBe(0);
    const templates = globSync('*.template.json', { cwd: output.path }).sort();
    expect(templates).toEqual(['SlipwayData.template.json', 'SlipwayService.template.json']);
    const bundles = globSync('asset.*/index.mjs', { cwd: output.path });
    expect(bundles.length).toBe(stepNames.length);
    for (const bundle of bundles) {
      expect(readFileSync(path.join(output.path, bundle), 'utf8')).toMatch(/export\s*\{[^}]*\bhandler\b/);
    }
  });

  it('ends with 1 and says what to acknowledge when something has a finding', async () => {
    await using work = await tempDir();
    const planted = path.join(work.path, 'planted.mts');
    await writeFile(
      planted,
      [
        `import { App } from '${import.meta.resolve('aws-cdk-lib')}';`,
        `import { Bucket } from '${import.meta.resolve('aws-cdk-lib/aws-s3')}';`,
        `import { buildSlipway } from '${projectRoot}/cdk/slipway-app.ts';`,
        'const app = new App();',
        "app.node.setContext('aws:cdk:bundling-stacks', []);",
        "new Bucket(buildSlipway(app).data, 'Planted');",
      ].join('\n'),
    );

    const answer = await runCdk(['synth', '--quiet', '--app', `node ${planted}`, '--output', `${work.path}/out`]);

    expect(answer.output).toContain("Acknowledge with 'AwsSolutions::AwsSolutions-S1'");
    expect(answer.exitCode).toBe(1);
  });
});

describe('acknowledgements', () => {
  const accepted = acknowledgements(readSettings(new App().node));
  const findings = findingsWithoutAcknowledgements();
  const covers = ({ path: place, finding }: Acknowledgement, found: Finding) =>
    found.rule === finding && (found.path === place || found.path.startsWith(`${place}/`));

  it('cover every finding', () => {
    expect(findings.filter((found) => !accepted.some((one) => covers(one, found)))).toEqual([]);
  });

  it('excuse nothing that is not found', () => {
    expect(findings.length).toBeGreaterThan(0);
    expect(accepted.filter((one) => !findings.some((found) => covers(one, found)))).toEqual([]);
  });

  it('each give a reason of their own', () => {
    for (const { reason } of accepted) expect(reason.length).toBeGreaterThan(30);
  });
});

function findingsWithoutAcknowledgements(): Finding[] {
  const app = new App({ context: appContext() });
  const data = new DataStack(app, 'SlipwayData', {});
  new ServiceStack(app, 'SlipwayService', { data: data.resources, settings: readSettings(app.node) });
  // Only then are resources of the other stack called what the CLI's own synthesis calls them.
  app.synth();
  const { violations } = new AwsSolutionsChecks().validateScope(app);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({ rule: ruleName, path: constructPath ?? '' })),
  );
}

describe('the environment of a Lambda', () => {
  const complete = [
    'SLIPWAY_CONTROL_TABLE',
    'SLIPWAY_BULK_TABLE',
    'SLIPWAY_BODY_BUCKET',
    'SLIPWAY_EVENTS_QUEUE_URL',
    'SLIPWAY_EVENT_DAYS',
    'SLIPWAY_PUBLISH_QUEUE_URL',
    'SLIPWAY_BUS_NAME',
  ];

  it('compiles when it is what the schema of the step asks for', async () => {
    expect(await compileVariables(complete)).toEqual([]);
  });

  it('does not compile with a variable too few', async () => {
    expect(await compileVariables(complete.slice(1))).toEqual([
      expect.stringContaining("Property 'SLIPWAY_CONTROL_TABLE' is missing"),
    ]);
  });

  it('does not compile with a variable too many', async () => {
    expect(await compileVariables([...complete, 'SLIPWAY_SPARE'])).toEqual([
      expect.stringContaining("'SLIPWAY_SPARE' does not exist"),
    ]);
  });
});

/** What the compiler says of an environment of publish with these names, under the project's own options. */
async function compileVariables(names: readonly string[]): Promise<string[]> {
  await using work = await tempDir();
  const planted = path.join(work.path, 'planted.mts');
  const members = names.map((name) => `${name}: 'text'`).join(', ');
  await writeFile(
    planted,
    [
      `import type { StepVariables } from '${projectRoot}/cdk/step-variables.ts';`,
      `export const variables: StepVariables<'publish'> = { ${members} };`,
    ].join('\n'),
  );
  const config = ts.readConfigFile(path.join(projectRoot, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [], files: [] }, ts.sys, projectRoot);
  const program = ts.createProgram([planted], {
    ...options,
    typeRoots: [path.join(projectRoot, 'node_modules/@types')],
  });
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(planted))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
