// Builds the app as `cdk synth` does, but without bundling, and reads its two templates.
// Each call builds anew, so a test may bring settings of its own.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { buildSlipway } from '../../cdk/slipway-app.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

const Cdk = z.object({ context: z.record(z.string(), z.unknown()) });

/** The context that the CLI takes from cdk.json, and whatever a test adds. No Lambda is bundled. */
export function appContext(settings: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { context } = Cdk.parse(JSON.parse(readFileSync(`${projectRoot}/cdk.json`, 'utf8')));
  return { ...context, 'aws:cdk:bundling-stacks': [], ...settings };
}

export type Templates = { readonly data: Template; readonly service: Template };

/** @param settings context as on the command line, such as `{ 'slipway:launchRate': '40' }` */
export function buildTemplates(settings: Readonly<Record<string, unknown>> = {}): Templates {
  const { data, service } = buildSlipway(new App({ context: appContext(settings) }));
  return { data: Template.fromStack(data), service: Template.fromStack(service) };
}

const Resource = z.looseObject({
  Type: z.string(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
export type Resource = z.infer<typeof Resource> & { readonly id: string };

/** The resources of one type, by logical id. */
export function resourcesOf(template: Template, type: string): Resource[] {
  return Object.entries(template.findResources(type)).map(([id, raw]) => ({ ...Resource.parse(raw), id }));
}

const oneOrMore = z
  .union([z.unknown().array(), z.unknown()])
  .transform((value) => (Array.isArray(value) ? value : [value]));
const Statement = z.object({
  Effect: z.literal('Allow'),
  Action: z.union([z.string().transform((action) => [action]), z.string().array()]),
  Resource: oneOrMore,
  Condition: z.record(z.string(), z.unknown()).optional(),
});
export type Statement = z.infer<typeof Statement>;

const Policy = z.object({
  PolicyDocument: z.object({ Statement: Statement.array() }),
  Roles: z.array(z.object({ Ref: z.string() })),
});

/** What roles may do: each statement with the logical id of the role it is given to. */
export function roleStatements(template: Template): readonly (Statement & { readonly role: string })[] {
  return resourcesOf(template, 'AWS::IAM::Policy').flatMap(({ Properties }) => {
    const { PolicyDocument, Roles } = Policy.parse(Properties);
    return Roles.flatMap(({ Ref }) => PolicyDocument.Statement.map((statement) => ({ ...statement, role: Ref })));
  });
}

/** Ends of the logical ids that CDK makes are hashes; what is before them says which construct it was. */
export function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
