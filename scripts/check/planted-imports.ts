// A small project in which every import rule is broken once, and every room has a file that breaks none.
// A rule without a plant here, a plant that is not flagged, and a clean file that is flagged all fail the check.

export type PlantedFile = {
  readonly file: string;
  readonly source: string;
  /** The rules this file breaks, all of them. */
  readonly breaks: readonly string[];
};

const breaking = (file: string, imports: string, ...breaks: readonly string[]): PlantedFile => ({
  file,
  source: `import { thing } from '${imports}';\nexport const planted = thing;\n`,
  breaks,
});

const breakingByType = (file: string, imports: string, ...breaks: readonly string[]): PlantedFile => ({
  file,
  source: `import type { Thing } from '${imports}';\nexport type Planted = Thing;\n`,
  breaks,
});

/** A file that every other may import as far as its room allows, and that itself imports what its room allows. */
const clean = (file: string, ...imports: readonly string[]): PlantedFile => ({
  file,
  source: [
    ...imports.map((name, index) => `import { thing as thing${index} } from '${name}';`),
    `export const thing = [${imports.map((_name, index) => `thing${index}`).join(', ')}];`,
    'export type Thing = string;\n',
  ].join('\n'),
  breaks: [],
});

/** Packages that the planted files import; each is an empty one. */
export const plantedPackages = ['ajv', 'zod', 'yaml', 'constructs', '@aws-sdk/client-ecs'] as const;

export const plantedFiles: readonly PlantedFile[] = [
  clean('shared/domain/clean.ts', 'ajv'),
  clean('shared/contract/clean.ts', 'zod', '../domain/clean.ts'),
  { ...breakingByType('shared/ports/clean.ts', '../domain/clean.ts'), breaks: [] },
  clean('shared/use-cases/clean.ts', '../domain/clean.ts', '../telemetry/clean.ts'),
  clean('shared/telemetry/clean.ts', 'node:util', '../domain/clean.ts'),
  clean('shared/config/clean.ts', 'zod'),
  clean('shared/adapters/clean.ts', '@aws-sdk/client-ecs', '../domain/clean.ts', 'node:crypto'),
  clean('lambdas/submit/handler.ts', '../../shared/use-cases/clean.ts'),
  clean('lambdas/submit/entry.ts', './handler.ts', '../../shared/adapters/clean.ts', '@aws-sdk/client-ecs'),
  clean('lambdas/observe/handler.ts', '../../shared/use-cases/clean.ts'),
  clean('cdk/app.ts', '../shared/config/clean.ts', 'constructs', 'node:path'),
  clean('cli/prefect-yaml.ts', 'yaml', '../shared/contract/clean.ts', 'node:fs'),
  clean('cli/commands.ts', './prefect-yaml.ts'),
  clean('local/main.ts', '../cli/prefect-yaml.ts', '../lambdas/submit/entry.ts', '@aws-sdk/client-ecs'),
  clean('test/unit/clean.ts', '../../local/main.ts', '../../cdk/app.ts', '../../scripts/clean.ts'),
  clean('scripts/clean.ts', '../shared/adapters/clean.ts', '../local/main.ts'),

  breakingByType('shared/domain/to-adapter.ts', '../adapters/clean.ts', 'domain-stands-alone'),
  breaking('shared/domain/to-node.ts', 'node:crypto', 'domain-stands-alone'),
  breaking('shared/contract/to-use-case.ts', '../use-cases/clean.ts', 'contract-is-data'),
  breakingByType('shared/ports/to-use-case.ts', '../use-cases/clean.ts', 'ports-name-domain-types'),
  breaking('shared/ports/to-code.ts', '../domain/clean.ts', 'ports-are-types'),
  breaking('shared/use-cases/to-adapter.ts', '../adapters/clean.ts', 'use-cases-reach-out-by-ports'),
  breaking('shared/use-cases/to-node.ts', 'node:crypto', 'use-cases-reach-out-by-ports'),
  breaking('shared/telemetry/to-adapter.ts', '../adapters/clean.ts', 'telemetry-knows-no-store'),
  breaking('shared/config/to-domain.ts', '../domain/clean.ts', 'config-knows-no-runtime'),
  breaking('shared/adapters/to-use-case.ts', '../use-cases/clean.ts', 'adapters-decide-nothing'),
  breaking('lambdas/submit/to-sdk.ts', '@aws-sdk/client-ecs', 'sdk-stays-in-adapters'),
  breaking('lambdas/submit/to-adapter.ts', '../../shared/adapters/clean.ts', 'entry-alone-wires'),
  breaking('lambdas/submit/to-observe.ts', '../observe/handler.ts', 'lambdas-stand-apart'),
  breaking('shared/adapters/to-local.ts', '../../local/main.ts', 'adapters-decide-nothing', 'shared-is-below'),
  breaking('cdk/to-lambda.ts', '../lambdas/submit/handler.ts', 'cdk-reads-config'),
  breaking('cli/to-domain.ts', '../shared/domain/clean.ts', 'cli-and-ui-speak-contract'),
  breaking('ui/to-domain.ts', '../shared/domain/clean.ts', 'cli-and-ui-speak-contract'),
  breaking('local/to-commands.ts', '../cli/commands.ts', 'local-reads-prefect-yaml'),
  breaking('local/to-test.ts', '../test/unit/clean.ts', 'nothing-imports-test'),
  { ...clean('scripts/cycle-one.ts', './cycle-two.ts'), breaks: ['no-cycles'] },
  // The tool tells a cycle once, at the file it meets first.
  clean('scripts/cycle-two.ts', './cycle-one.ts'),
  breaking('shared/domain/index.ts', './clean.ts', 'no-barrels'),
  breaking('scripts/to-nowhere.ts', './gone.ts', 'nothing-unresolved'),
];
