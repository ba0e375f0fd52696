// The blocks of Prefect that notify a chat: Slack, Microsoft Teams, Mattermost and Discord.
import {
  type BuiltInBlock,
  blockFields,
  flag,
  number,
  optional,
  optionalText,
  secretText,
  text,
  textList,
} from './block-property.ts';
import { allowPrivate, notification, notifyType } from './notification.ts';

export const chatBlocks: readonly BuiltInBlock[] = [
  notification({
    slug: 'slack-webhook',
    name: 'Slack Webhook',
    logo: 'slack.png',
    description: 'Writes to a channel of Slack by an incoming webhook.',
    className: 'SlackWebhook',
    checksum: 'sha256:415bae7e5906d98e387f8848ccdfd3f3b9cdf01624f08ca228709e1193ac005f',
    fields: (slug, description) =>
      blockFields({
        slug,
        title: 'SlackWebhook',
        description,
        properties: {
          notify_type: notifyType,
          url: secretText({
            title: 'Webhook URL',
            description: 'Address of the incoming webhook.',
            examples: ['https://hooks.slack.com/T/B/X'],
          }),
          allow_private_urls: allowPrivate,
        },
        required: ['url'],
        secretFields: ['url'],
      }),
  }),
  notification({
    slug: 'ms-teams-webhook',
    name: 'Microsoft Teams Webhook',
    logo: 'microsoft-teams.png',
    description: 'Writes to a channel of Microsoft Teams by a workflow.',
    className: 'MicrosoftTeamsWebhook',
    checksum: 'sha256:213ff858fcad8ecddb90a120636c5461fc8ad6fb2877188c9e79f07e6c390c7c',
    fields: (slug, description) =>
      blockFields({
        slug,
        title: 'MicrosoftTeamsWebhook',
        description,
        properties: {
          notify_type: notifyType,
          url: secretText({
            title: 'Webhook URL',
            description: 'Address of the workflow of Power Automate.',
            examples: ['https://example.logic.azure.com:443/workflows/W/triggers/manual/paths/invoke?sig=S'],
          }),
          allow_private_urls: allowPrivate,
          include_image: flag(true, { title: 'Include Image', description: 'Whether the message has an image.' }),
          wrap: flag(true, { title: 'Wrap', description: 'Whether long lines are broken.' }),
        },
        required: ['url'],
        secretFields: ['url'],
      }),
  }),
  notification({
    slug: 'mattermost-webhook',
    name: 'Mattermost Webhook',
    logo: 'mattermost.png',
    description: 'Writes to channels of a Mattermost server.',
    className: 'MattermostWebhook',
    checksum: 'sha256:34daad1160b59fb6d5c8fc59d09abb2cbf9c2283b7b9f6a76cbaad827002d14c',
    fields: (slug, description) =>
      blockFields({
        slug,
        title: 'MattermostWebhook',
        description,
        properties: {
          notify_type: notifyType,
          hostname: text({
            title: 'Hostname',
            description: 'Name of the server.',
            examples: ['mattermost.example.com'],
          }),
          secure: flag(false, { title: 'Secure', description: 'Whether the server is called by https.' }),
          token: secretText({ title: 'Token', description: 'Token of the incoming webhook.' }),
          botname: optionalText({ title: 'Bot name', description: 'Under which name it writes.' }),
          channels: optional([textList], { title: 'Channels', description: 'The channels to write to.' }),
          include_image: flag(false, { title: 'Include Image', description: 'Whether the message has an image.' }),
          path: optionalText({ title: 'Path', description: 'Path of the server below its name.' }),
          port: number('integer', 8065, { title: 'Port', description: 'Port of the server.' }),
        },
        required: ['hostname', 'token'],
        secretFields: ['token'],
      }),
  }),
  notification({
    slug: 'discord-webhook',
    name: 'Discord Webhook',
    logo: 'discord.png',
    description: 'Writes to a channel of Discord by a webhook.',
    className: 'DiscordWebhook',
    checksum: 'sha256:b3ea94c0ce1573b22c0e7bf2457f5f52a210327e0f7be05c74970a246304b1e2',
    fields: (slug, description) =>
      blockFields({
        slug,
        title: 'DiscordWebhook',
        description,
        properties: {
          notify_type: notifyType,
          webhook_id: secretText({ title: 'Webhook Id', description: "First part of the webhook's address." }),
          webhook_token: secretText({ title: 'Webhook Token', description: "Second part of the webhook's address." }),
          botname: optionalText({ title: 'Bot name', description: 'Under which name it writes.' }),
          tts: flag(false, { title: 'Tts', description: 'Whether the message is read aloud.' }),
          include_image: flag(false, { title: 'Include Image', description: 'Whether the message has an image.' }),
          avatar: flag(false, { title: 'Avatar', description: 'Whether it writes under an image of its own.' }),
          avatar_url: optionalText({ title: 'Avatar URL', description: 'Address of that image.' }),
        },
        required: ['webhook_id', 'webhook_token'],
        secretFields: ['webhook_id', 'webhook_token'],
      }),
  }),
];
