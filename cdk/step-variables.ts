// The environment of a step's Lambda as cdk must give it, typed by the step's own schema:
// a variable too few or too many does not compile.
import type { StepEnvironment } from '../shared/config/env.ts';
import type { StepName } from '../shared/config/resources.ts';

/**
 * Every variable of the schema, those with a default included: what is deployed is said, not assumed.
 * There is no page yet, hence no URL of one; secrets are sealed under a key of KMS, never with a file; DynamoDB says
 * which table is which.
 */
export type StepVariables<Step extends StepName> = {
  readonly [Name in Exclude<
    keyof StepEnvironment[Step],
    'SLIPWAY_UI_URL' | 'SLIPWAY_SECRET_KEY_FILE' | 'SLIPWAY_TABLE_IDENTITY'
  >]-?: string;
};
