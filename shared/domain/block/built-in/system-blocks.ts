// Secrets, webhooks and file systems: the blocks of Prefect that are no notifications.
import type { JsonObject } from '../../json.ts';
import {
  type BuiltInBlock,
  blockFields,
  choice,
  flag,
  object,
  optional,
  optionalSecret,
  optionalText,
  secretText,
  text,
} from './block-property.ts';

const fileCapabilities = ['put-directory', 'write-path', 'read-path', 'get-directory'];
const fileSystems = 'https://docs.prefect.io/latest/develop/results#specifying-a-default-filesystem';

const secretValue: JsonObject = {
  title: 'Value',
  description: 'What is to be kept secret: text or any JSON.',
  examples: ['a-token', { user: 'somebody', password: 'something' }],
  anyOf: [
    { type: 'string', format: 'password', writeOnly: true },
    { type: 'string', title: 'string' },
    { $ref: '#/definitions/JsonValue', title: 'JSON' },
  ],
  format: 'password',
  writeOnly: true,
};

const secretDescription = 'Keeps one value that nobody sees unless he asks for secrets.';
const webhookDescription = 'Calls a web address.';
const localDescription = 'Keeps files in a folder of the machine that runs the flow.';
const remoteDescription =
  'Keeps files wherever fsspec can: the scheme of the path, such as s3:// or gs://, says which kind of storage is meant.';
const smbDescription = 'Keeps files on a share of a Windows network.';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export const systemBlocks: readonly BuiltInBlock[] = [
  {
    slug: 'secret',
    name: 'Secret',
    logo: 'secret.png',
    documentation: 'https://docs.prefect.io/latest/develop/blocks',
    description: secretDescription,
    importedFrom: 'prefect.blocks.system',
    className: 'Secret',
    checksum: 'sha256:c078ed9c1e813e224c0b353d7ad4564a11d51d3198d9ac0686478165a1911c78',
    capabilities: [],
    isProtected: true,
    fields: blockFields({
      slug: 'secret',
      title: 'Secret',
      description: secretDescription,
      properties: { value: secretValue },
      required: ['value'],
      secretFields: ['value', 'value'],
    }),
  },
  {
    slug: 'webhook',
    name: 'Webhook',
    logo: 'webhook.png',
    documentation: 'https://docs.prefect.io/latest/automate/events/webhook-triggers',
    description: webhookDescription,
    importedFrom: 'prefect.blocks.webhook',
    className: 'Webhook',
    checksum: 'sha256:58bb03f0d84592252ad568ed9a8c899792ae5d0ad2dd4a2428e99674f9050cf1',
    capabilities: [],
    isProtected: true,
    fields: blockFields({
      slug: 'webhook',
      title: 'Webhook',
      description: webhookDescription,
      properties: {
        method: choice(methods, 'POST', { title: 'Method', description: 'Method of the request, POST unless given.' }),
        url: secretText({
          title: 'Webhook URL',
          description: 'The address to call.',
          examples: ['https://example.com/hook'],
        }),
        headers: object({ title: 'Webhook Headers', description: 'Headers of the request.' }),
        allow_private_urls: flag(true, {
          title: 'Allow Private Urls',
          description: 'Whether the address may be one of a private network.',
        }),
        verify: flag(true, { title: 'Verify', description: 'Whether the certificate of the address is checked.' }),
      },
      required: ['url'],
      secretFields: ['url', 'headers.*'],
    }),
  },
  {
    slug: 'local-file-system',
    name: 'Local File System',
    logo: 'filesystem.png',
    documentation: fileSystems,
    description: localDescription,
    importedFrom: 'prefect.filesystems',
    className: 'LocalFileSystem',
    checksum: 'sha256:0fc8b7f936f38f465715ef2df4a817ac9fe38b80bb01d5c6c9649a6da6ae6971',
    capabilities: fileCapabilities,
    isProtected: true,
    fields: blockFields({
      slug: 'local-file-system',
      title: 'LocalFileSystem',
      description: localDescription,
      properties: {
        basepath: optionalText({ title: 'Basepath', description: 'The folder that paths are relative to.' }),
      },
      secretFields: [],
    }),
  },
  {
    slug: 'remote-file-system',
    name: 'Remote File System',
    logo: 'filesystem.png',
    documentation: fileSystems,
    description: remoteDescription,
    importedFrom: 'prefect.filesystems',
    className: 'RemoteFileSystem',
    checksum: 'sha256:3bca63009aa57af6c7053fc17a2a336a1e1801bbb19ca2c5939b59afe435c531',
    capabilities: fileCapabilities,
    isProtected: false,
    fields: blockFields({
      slug: 'remote-file-system',
      title: 'RemoteFileSystem',
      description: remoteDescription,
      properties: {
        basepath: text({
          title: 'Basepath',
          description: 'The place that paths are relative to, with its scheme.',
          examples: ['s3://bucket/folder/'],
        }),
        settings: object({ title: 'Settings', description: 'What fsspec is given besides.' }),
      },
      required: ['basepath'],
      secretFields: [],
    }),
  },
  {
    slug: 'smb',
    name: 'SMB',
    logo: 'smb.png',
    documentation: fileSystems,
    description: smbDescription,
    importedFrom: 'prefect.filesystems',
    className: 'SMB',
    checksum: 'sha256:849cd014b777a64ee219f6b8b13c15b37c34ea4138d9224c4d45bf00ba2e4681',
    capabilities: fileCapabilities,
    isProtected: false,
    fields: blockFields({
      slug: 'smb',
      title: 'SMB',
      description: smbDescription,
      properties: {
        share_path: text({
          title: 'Share Path',
          description: 'Name of the share and the path below it.',
          examples: ['/SHARE/folder'],
        }),
        smb_username: optionalSecret({ title: 'SMB Username', description: 'Who logs in.' }),
        smb_password: optionalSecret({ title: 'SMB Password', description: 'With which password.' }),
        smb_host: text({ title: 'SMB server/hostname', description: 'Name or address of the server.' }),
        smb_port: optional([{ type: 'integer' }], {
          title: 'SMB port',
          description: 'Port of the server, mostly 445.',
        }),
      },
      required: ['share_path', 'smb_host'],
      secretFields: ['smb_username', 'smb_password'],
    }),
  },
];
