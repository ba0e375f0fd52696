// The blocks of Prefect that notify on-call services, phones, mailboxes and whatever takes a web request.
import type { JsonObject } from '../../json.ts';
import {
  type BuiltInBlock,
  blockFields,
  choice,
  flag,
  number,
  object,
  optional,
  optionalText,
  secretText,
  text,
  textList,
  textMap,
} from './block-property.ts';
import { allowPrivate, notification, notifyType } from './notification.ts';

const regions = ['us', 'eu'];
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const templateExample = '{"text": "{{subject}}\\n{{body}}", "title": "{{name}}", "token": "{{tokenFromSecrets}}"}';
const link: JsonObject = { type: 'string', format: 'uri', minLength: 1 };

function targets(title: string, description: string): JsonObject {
  return optional([textList], { title, description });
}

function list(title: string, description: string, example: string): JsonObject {
  return { ...textList, title, description, examples: [example] };
}

const pagerDuty = notification({
  slug: 'pager-duty-webhook',
  name: 'Pager Duty Webhook',
  logo: 'pagerduty.png',
  description: 'Raises an alert in PagerDuty.',
  className: 'PagerDutyWebHook',
  checksum: 'sha256:78ccfd9313655493e834f59f515865f3160bd395b6003d6e664fefd1a6f49c86',
  fields: (slug, description) =>
    blockFields({
      slug,
      title: 'PagerDutyWebHook',
      description,
      properties: {
        notify_type: notifyType,
        integration_key: secretText({
          title: 'Integration Key',
          description: 'Routing key of an integration of the Events API V2.',
        }),
        api_key: secretText({ title: 'API Key', description: 'API key of the account.' }),
        source: optionalText({ title: 'Source', description: 'Where the alert says that it comes from.' }, 'Prefect'),
        component: {
          ...text({ title: 'Component', description: 'Which part the alert says it is about.' }),
          default: 'Notification',
        },
        group: optionalText({ title: 'Group', description: 'Which group of parts it is about.' }),
        class_id: optionalText({ title: 'Class ID', description: 'Which class of alerts it belongs to.' }),
        region_name: choice(regions, 'us', { title: 'Region Name', description: 'Region of the account.' }),
        clickable_url: optional([link], { title: 'Clickable URL', description: 'Address that the alert links to.' }),
        include_image: flag(true, { title: 'Include Image', description: 'Whether the alert has an image.' }),
        custom_details: optional([textMap], {
          title: 'Custom Details',
          description: 'What the alert holds besides.',
          examples: ['{"disk": "full"}'],
        }),
      },
      required: ['integration_key', 'api_key'],
      secretFields: ['integration_key', 'api_key'],
    }),
});

const opsgenie = notification({
  slug: 'opsgenie-webhook',
  name: 'Opsgenie Webhook',
  logo: 'opsgenie.png',
  description: 'Raises an alert in Opsgenie.',
  className: 'OpsgenieWebhook',
  checksum: 'sha256:c9d307a75b69d82460134069d071804fefde0ec2c2b9aed67c90201fee041755',
  fields: (slug, description) =>
    blockFields({
      slug,
      title: 'OpsgenieWebhook',
      description,
      properties: {
        notify_type: notifyType,
        apikey: secretText({ title: 'API Key', description: 'API key of the account.' }),
        target_user: targets('Target User', 'Users to alert.'),
        target_team: targets('Target Team', 'Teams to alert.'),
        target_schedule: targets('Target Schedule', 'Schedules whose people are alerted.'),
        target_escalation: targets('Target Escalation', 'Escalations to start.'),
        region_name: choice(regions, 'us', { title: 'Region Name', description: 'Region of the account.' }),
        batch: flag(false, { title: 'Batch', description: 'Whether all targets are alerted at once.' }),
        tags: optional([textList], { title: 'Tags', description: 'Tags of the alert.', examples: ['["a", "b"]'] }),
        priority: optional(
          [{ type: 'integer' }],
          { title: 'Priority', description: 'From 1, low, to 5, emergency.' },
          3,
        ),
        alias: optionalText({ title: 'Alias', description: 'Other name of the alert.' }),
        entity: optionalText({ title: 'Entity', description: 'What the alert is about.' }),
        details: optional([textMap], {
          title: 'Details',
          description: 'What the alert holds besides.',
          examples: ['{"disk": "full"}'],
        }),
      },
      required: ['apikey'],
      secretFields: ['apikey'],
    }),
});

const twilio = notification({
  slug: 'twilio-sms',
  name: 'Twilio SMS',
  logo: 'twilio.png',
  description: 'Sends text messages to phones by Twilio.',
  className: 'TwilioSMS',
  checksum: 'sha256:2ab73fedd20ff1c25ffcc47f5b4a7a86c70c307321af1262f9d03defba5c8cc6',
  fields: (slug, description) =>
    blockFields({
      slug,
      title: 'TwilioSMS',
      description,
      properties: {
        notify_type: notifyType,
        account_sid: text({ title: 'Account Sid', description: 'Id of the account.' }),
        auth_token: secretText({ title: 'Auth Token', description: 'Token of the account.' }),
        from_phone_number: text({
          title: 'From Phone Number',
          description: 'Number that the messages come from.',
          examples: ['18005550100'],
        }),
        to_phone_numbers: list('To Phone Numbers', 'Numbers that get the messages.', '["18005550101"]'),
      },
      required: ['account_sid', 'auth_token', 'from_phone_number', 'to_phone_numbers'],
      secretFields: ['auth_token'],
    }),
});

const sendgrid = notification({
  slug: 'sendgrid-email',
  name: 'Sendgrid Email',
  logo: 'email.png',
  description: 'Sends mail by SendGrid.',
  className: 'SendgridEmail',
  checksum: 'sha256:b67583d3b7ce215cd84a58ba42bb8936294cc1417ff3fe54d0fb08447932c6f2',
  fields: (slug, description) =>
    blockFields({
      slug,
      title: 'SendgridEmail',
      description,
      properties: {
        notify_type: notifyType,
        api_key: secretText({ title: 'API Key', description: 'API key of the account.' }),
        sender_email: text({
          title: 'Sender email id',
          description: 'Address that the mail comes from.',
          examples: ['alerts@example.com'],
        }),
        to_emails: list('Recipient emails', 'Addresses that get the mail.', '["oncall@example.com"]'),
      },
      required: ['api_key', 'sender_email', 'to_emails'],
      secretFields: ['api_key'],
    }),
});

const customWebhook = notification({
  slug: 'custom-webhook',
  name: 'Custom Webhook',
  logo: 'webhook.png',
  description:
    'Sends a web request of any shape. In every text of it {{subject}}, {{body}}, {{name}} and the secrets are filled in.',
  className: 'CustomWebhookNotificationBlock',
  checksum: 'sha256:69076241f2b9959ae97554957a22ec428886b46f6ed4732af160e117d487c0cf',
  fields: (slug, description) =>
    blockFields({
      slug,
      title: 'CustomWebhookNotificationBlock',
      description,
      properties: {
        name: text({ title: 'Name', description: 'What to call the webhook.' }),
        url: text({
          title: 'Webhook URL',
          description: 'The address to call.',
          examples: ['https://example.com/hook'],
        }),
        method: choice(methods, 'POST', { title: 'Method', description: 'Method of the request, POST unless given.' }),
        params: optional([textMap], { title: 'Query Params', description: 'The query of the address.' }),
        json_data: optional([{ type: 'object', additionalProperties: true }], {
          title: 'JSON Data',
          description: 'The body, sent as JSON.',
          examples: [templateExample],
        }),
        form_data: optional([textMap, { type: 'string' }], {
          title: 'Form Data',
          description: 'The body, sent as a form, or as it is when it is text. Not beside JSON.',
          examples: [templateExample],
        }),
        headers: optional([textMap], { title: 'Headers', description: 'Headers of the request.' }),
        cookies: optional([textMap], { title: 'Cookies', description: 'Cookies of the request.' }),
        timeout: number('number', 10, { title: 'Timeout', description: 'Seconds to wait for an answer.' }),
        allow_private_urls: allowPrivate,
        secrets: object({
          title: 'Custom Secret Values',
          description: 'Values to fill in that nobody is to see.',
          examples: ['{"tokenFromSecrets":"a-token"}'],
        }),
      },
      required: ['name', 'url'],
      secretFields: ['secrets.*'],
    }),
});

export const alertBlocks: readonly BuiltInBlock[] = [pagerDuty, opsgenie, twilio, sendgrid, customWebhook];
