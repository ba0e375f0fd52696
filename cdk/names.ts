// Names that are fixed because both stacks, or the people of the account, refer to them.
// Everything else is named by CloudFormation, so that a stack made again never meets what an older one left.
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { busName, type eventRules } from '../shared/config/resources.ts';

/** Name of this installation: its cluster, its bus, the prefix of its rules. One fits into an account and region. */
export const slipwayName = 'slipway';

/** Prefix of the task definition families that `submit` registers. */
export const familyPrefix = 'slipway-';

type EventRule = (typeof eventRules)[number];

export function ruleName(rule: EventRule): string {
  return `${slipwayName}-${rule.name}`;
}

/** The ARN a rule will have: queues must trust it before the stack of the rules exists. */
export function ruleArn(scope: Construct, rule: EventRule): string {
  const path = rule.bus === busName ? `${busName}/${ruleName(rule)}` : ruleName(rule);
  return Stack.of(scope).formatArn({ service: 'events', resource: 'rule', resourceName: path });
}
