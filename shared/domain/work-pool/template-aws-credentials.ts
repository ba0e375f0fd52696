// The shape of Prefect's `aws-credentials` block, so that templates which carry one stay valid here.
// Nothing reads the values: tasks are started with the control plane's own role.
import type { JsonObject } from '../json.ts';
import { mapping, optional } from './template-property.ts';

/** For definitions whose values nobody reads, the name says it all. */
function text(title: string): JsonObject {
  return optional('string', { title, description: 'Ignored.' });
}

function listOfMappings(title: string): JsonObject {
  const items = { type: 'object', additionalProperties: { type: 'string' } };
  return { anyOf: [{ type: 'array', items }, { type: 'null' }], default: null, title };
}

const assumeRole: JsonObject = {
  type: 'object',
  title: 'AssumeRoleParameters',
  description: 'How a role would be assumed.',
  properties: {
    RoleSessionName: text('Role Session Name'),
    DurationSeconds: optional('integer', { title: 'Duration Seconds', description: 'Ignored.' }),
    Policy: text('Policy'),
    PolicyArns: listOfMappings('Policy ARNs'),
    Tags: listOfMappings('Tags'),
    TransitiveTagKeys: {
      anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }],
      default: null,
      title: 'Transitive Tag Keys',
    },
    ExternalId: text('External ID'),
    SerialNumber: text('Serial Number'),
    TokenCode: text('Token Code'),
    SourceIdentity: text('Source Identity'),
    ProvidedContexts: listOfMappings('Provided Contexts'),
  },
};

const clientParameters: JsonObject = {
  type: 'object',
  title: 'AwsClientParameters',
  description: 'How an AWS client would be made.',
  properties: {
    api_version: text('API Version'),
    use_ssl: { type: 'boolean', default: true, title: 'Use SSL' },
    verify: {
      anyOf: [{ type: 'boolean' }, { type: 'string', format: 'file-path' }, { type: 'null' }],
      default: null,
      title: 'Verify',
    },
    verify_cert_path: {
      anyOf: [{ type: 'string', format: 'file-path' }, { type: 'null' }],
      default: null,
      title: 'Certificate Authority Bundle',
    },
    endpoint_url: text('Endpoint URL'),
    config: {
      anyOf: [mapping(true, { title: 'Config', description: 'Ignored.' }), { type: 'null' }],
      default: null,
      title: 'Botocore Config',
    },
  },
};

export const awsCredentialsDefinitions: JsonObject = {
  AssumeRoleParameters: assumeRole,
  AwsClientParameters: clientParameters,
  AwsCredentials: {
    type: 'object',
    title: 'AwsCredentials',
    description: 'Credentials for AWS, or a reference to a block that holds them.',
    block_type_slug: 'aws-credentials',
    block_schema_references: {},
    secret_fields: ['aws_secret_access_key'],
    properties: {
      aws_access_key_id: text('AWS Access Key ID'),
      aws_secret_access_key: {
        anyOf: [{ type: 'string', format: 'password', writeOnly: true }, { type: 'null' }],
        default: null,
        title: 'AWS Access Key Secret',
      },
      aws_session_token: text('AWS Session Token'),
      profile_name: text('Profile Name'),
      region_name: text('Region Name'),
      aws_client_parameters: { $ref: '#/definitions/AwsClientParameters', title: 'AWS Client Parameters' },
      assume_role_arn: text('Assume Role ARN'),
      assume_role_kwargs: { $ref: '#/definitions/AssumeRoleParameters', title: 'Assume Role Parameters' },
    },
  },
};
