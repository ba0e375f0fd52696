// The Lambda of one step: bundled from `lambdas/<step>/entry.ts`, with a role and a log group of its own.
// Its environment has the type of the step's own schema, so a variable too few or too many does not compile.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, RecursiveLoop, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { lambdas, logRetentionDays, type StepName } from '../../shared/config/resources.ts';
import type { StepVariables } from '../step-variables.ts';

export type StepLambdaProps<Step extends StepName> = {
  readonly step: Step;
  readonly environment: StepVariables<Step>;
};

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Everything is bundled, the AWS SDK too: the runtime's own copy starts no faster and changes without us.
 * Some packages still call `require`, which an ES module has only if it makes it.
 */
const bundlingSettings: BundlingOptions = {
  format: OutputFormat.ESM,
  target: 'node24',
  mainFields: ['module', 'main'],
  banner: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  bundleAwsSDK: true,
  minify: true,
  keepNames: true,
  sourceMap: true,
  sourcesContent: false,
  forceDockerBundling: false,
};

/**
 * Surplus runs, launches that are repeated and schedules go on by hints of these steps to themselves. Lambda takes such a
 * chain for a mistake and drops its messages after about 16 rounds; here each round depends on what the table says.
 * Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops".
 */
const sendsToItself: ReadonlySet<StepName> = new Set(['submit', 'observe']);

export class StepLambda<Step extends StepName> extends Construct implements IGrantable {
  readonly handler: NodejsFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: StepLambdaProps<Step>) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', { retention: logRetentionDays, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Slipway: what the ${props.step} Lambda may do`,
    });
    logGroup.grantWrite(this.role);
    const settings = lambdas[props.step];
    this.handler = new NodejsFunction(this, 'Handler', {
      description: `Slipway: ${props.step}`,
      entry: path.join(projectRoot, 'lambdas', props.step, 'entry.ts'),
      handler: 'handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(settings.timeoutSeconds),
      memorySize: settings.memoryMb,
      role: this.role,
      logGroup,
      recursiveLoop: sendsToItself.has(props.step) ? RecursiveLoop.ALLOW : RecursiveLoop.TERMINATE,
      environment: { ...props.environment, NODE_OPTIONS: '--enable-source-maps' },
      projectRoot,
      depsLockFilePath: path.join(projectRoot, 'package-lock.json'),
      bundling: bundlingSettings,
    });
  }

  get grantPrincipal(): IPrincipal {
    return this.role;
  }
}
