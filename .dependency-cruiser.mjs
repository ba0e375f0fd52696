// Which room may import which: the import rules of the project, one rule a promise.
// `npm run check` cruises the sources with it and plants a violation of every rule, so a rule that cannot bite fails.

/** Matches the folder of a package wherever it is installed. */
const packages = (...names) => `(^|/)node_modules/(${names.join('|')})(/|$)`;

/** A room's whole list: whatever it imports must be on it. */
const only = (name, comment, room, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { pathNot: allowed },
});

/** The same for a room that may use Node's own modules too. */
const onlyBesideNode = (name, comment, room, allowed) => {
  const rule = only(name, comment, room, allowed);
  return { ...rule, to: { ...rule.to, dependencyTypesNot: ['core'] } };
};

const forbidden = [
  only('domain-stands-alone', 'domain holds pure rules: no I/O, no clock, no other room', 'shared/domain', [
    '^shared/domain/',
    packages('ajv', 'ajv-formats', 'croner', 'ical\\.js'),
  ]),
  only('contract-is-data', 'contract holds schemas: zod and domain constants', 'shared/contract', [
    '^shared/(contract|domain)/',
    packages('zod'),
  ]),
  only('ports-name-domain-types', 'ports speak the words of domain and contract', 'shared/ports', [
    '^shared/(ports|domain|contract)/',
  ]),
  {
    name: 'ports-are-types',
    comment: 'a port is a promise, not code',
    severity: 'error',
    from: { path: '^shared/ports/' },
    to: { dependencyTypesNot: ['type-only', 'type-import'] },
  },
  only('use-cases-reach-out-by-ports', 'use cases get everything from outside as an argument', 'shared/use-cases', [
    '^shared/(use-cases|domain|ports|telemetry)/',
  ]),
  onlyBesideNode('telemetry-knows-no-store', 'telemetry writes lines and counts, nothing else', 'shared/telemetry', [
    '^shared/(telemetry|domain)/',
  ]),
  only('config-knows-no-runtime', 'config is read by cdk and local alike', 'shared/config', [
    '^shared/config/',
    packages('zod'),
  ]),
  {
    name: 'adapters-decide-nothing',
    comment: 'adapters fulfil ports; use cases, Lambdas and the rest of the house are above them',
    severity: 'error',
    from: { path: '^shared/adapters/' },
    to: { path: '^(shared/(use-cases|contract)|lambdas|local|cdk|cli|ui|bench|scripts)/' },
  },
  {
    name: 'sdk-stays-in-adapters',
    comment: 'AWS SDKs are imported by adapters, by the composition roots and by what stands outside the product',
    severity: 'error',
    from: { pathNot: ['^shared/adapters/', '^lambdas/[^/]+/entry\\.ts$', '^(local|test|bench|scripts)/'] },
    to: { path: packages('@aws-sdk', '@smithy') },
  },
  {
    name: 'entry-alone-wires',
    comment: 'beside entry.ts a Lambda sees rules, use cases and ports, not what fulfils them',
    severity: 'error',
    from: { path: '^lambdas/', pathNot: '^lambdas/[^/]+/entry\\.ts$' },
    to: { path: '^(shared/adapters|local|cdk|cli|ui|bench|scripts)/' },
  },
  {
    name: 'lambdas-stand-apart',
    comment: 'a Lambda imports nothing of another one',
    severity: 'error',
    from: { path: '^lambdas/([^/]+)/' },
    to: { path: '^lambdas/[^/]+/', pathNot: '^lambdas/$1/' },
  },
  {
    name: 'shared-is-below',
    comment: 'shared rooms import nothing of the programs that use them',
    severity: 'error',
    from: { path: '^shared/' },
    to: { path: '^(lambdas|local|cdk|cli|ui|bench|scripts)/' },
  },
  onlyBesideNode('cdk-reads-config', 'cdk imports config, never runtime code', 'cdk', [
    '^cdk/',
    '^shared/config/',
    packages('aws-cdk-lib', 'constructs', 'cdk-nag'),
  ]),
  {
    name: 'cli-and-ui-speak-contract',
    comment: 'cli and ui know the API and nothing behind it',
    severity: 'error',
    from: { path: '^(cli|ui)/' },
    to: { path: '^(shared|lambdas|local|cdk|bench|scripts)/', pathNot: '^shared/contract/' },
  },
  {
    name: 'local-reads-prefect-yaml',
    comment: 'of cli, local imports the reader of prefect.yaml alone; of cdk, ui and the tools nothing',
    severity: 'error',
    from: { path: '^local/' },
    to: { path: '^(cli|ui|cdk|bench|scripts)/', pathNot: '^cli/(read-)?prefect-yaml' },
  },
  {
    name: 'nothing-imports-test',
    comment: 'only tests import tests',
    severity: 'error',
    from: { pathNot: '^test/' },
    to: { path: '^test/' },
  },
  {
    name: 'no-cycles',
    comment: 'two files that need each other are one file, or three',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-barrels',
    comment: 'import a file by its own name',
    severity: 'error',
    from: { path: '(^|/)index\\.ts$', pathNot: 'node_modules' },
    to: {},
  },
  {
    name: 'nothing-unresolved',
    comment: 'an import that this tool cannot follow is an import it cannot check',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.d.ts', '.mjs', '.js', '.json'],
    },
  },
};
