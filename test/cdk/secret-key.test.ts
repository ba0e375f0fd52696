// The key of secrets: kept as long as the tables, and usable by those alone who need blocks.
import { Match } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { buildTemplates, resourcesOf, roleStatements, withoutHash } from './templates.ts';

const { data, service } = buildTemplates();

/** What each role may ask of KMS, by the step that it belongs to. */
function kmsActions(): Record<string, string[]> {
  const granted = roleStatements(service).flatMap(({ role, Action }) => {
    const actions = Action.filter((action) => action.startsWith('kms:'));
    return actions.length === 0
      ? []
      : [
          [
            withoutHash(role)
              .replace(/Lambda.*/, '')
              .toLowerCase(),
            actions.sort(),
          ] as const,
        ];
  });
  return Object.fromEntries(granted);
}

it('is rotated, and retained with the tables', () => {
  data.hasResource('AWS::KMS::Key', {
    Properties: { EnableKeyRotation: true },
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
  });
});

it('seals for the api, and opens for whoever renders jobs or sends notifications', () => {
  expect(kmsActions()).toEqual({
    act: ['kms:Decrypt'],
    api: ['kms:Decrypt', 'kms:GenerateDataKey'],
    submit: ['kms:Decrypt'],
  });
});

it('is named to those Lambdas, and no file is', () => {
  const environments = JSON.stringify(resourcesOf(service, 'AWS::Lambda::Function'));

  expect(environments.match(/SLIPWAY_SECRET_KEY_ARN/g)).toHaveLength(3);
  expect(environments).not.toContain('SLIPWAY_SECRET_KEY_FILE');
  service.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: Match.objectLike({ SLIPWAY_SECRET_KEY_ARN: Match.anyValue() }) },
  });
});
