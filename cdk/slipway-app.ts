// Both stacks of Slipway, checked by cdk-nag: what must outlive an update stands apart from what is replaced by it.
// A finding without an acknowledgement fails the synthesis.
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { acknowledgeFindings, acknowledgements } from './acknowledgements.ts';
import { readSettings } from './settings.ts';
import { DataStack } from './stacks/data-stack.ts';
import { ServiceStack } from './stacks/service-stack.ts';

export type SlipwayStacks = { readonly data: DataStack; readonly service: ServiceStack };

/** Adds the stacks `SlipwayData` and `SlipwayService` to the app, as its context asks (settings.ts). */
export function buildSlipway(app: App): SlipwayStacks {
  const settings = readSettings(app.node);
  const data = new DataStack(app, 'SlipwayData', {
    description: 'Slipway: tables, queues, secret and task logs. Kept when the stack is deleted.',
    removalPolicy: settings.removalPolicy,
    controlStreamArn: settings.controlStreamArn,
  });
  const service = new ServiceStack(app, 'SlipwayService', {
    description: 'Slipway: API, Lambdas, rules, schedule, cluster and network.',
    data: data.resources,
    settings,
  });
  acknowledgeFindings(app, acknowledgements(settings));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { data, service };
}
