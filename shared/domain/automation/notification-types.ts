// The blocks that an automation can send notifications with, by the slug of their type. Any other type is refused when
// the automation is saved: it would need its own Python code.

export const notificationTypes = [
  'slack-webhook',
  'ms-teams-webhook',
  'pager-duty-webhook',
  'opsgenie-webhook',
  'mattermost-webhook',
  'discord-webhook',
  'twilio-sms',
  'sendgrid-email',
  'custom-webhook',
  'aws-ses-email',
  'aws-sns-topic',
] as const;
export type NotificationType = (typeof notificationTypes)[number];

export function isNotificationType(slug: string): slug is NotificationType {
  return notificationTypes.some((type) => type === slug);
}

/** The type of block that `call-webhook` takes. */
export const webhookType = 'webhook';
