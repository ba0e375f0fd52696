// What actions send: HTTP by ourselves, e-mail by SES, messages by SNS.
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Outgoing, OutgoingAnswer } from '../../ports/outgoing.ts';
import { createHttpSender, type HttpOptions } from '../http/outgoing-http.ts';
import { callSettings } from '../sdk.ts';

/** SNS's own bound of a subject. */
const longestSubject = 100;

export function createOutgoing(options: HttpOptions): Outgoing {
  const settings = { maxAttempts: 2, ...callSettings({ answerMs: 10_000, connectionMs: 3_000 }) };
  const mail = new SESv2Client(settings);
  const topics = new SNSClient(settings);
  return {
    http: createHttpSender(options),

    email: ({ from, to, subject, body }) =>
      answered(
        mail.send(
          new SendEmailCommand({
            FromEmailAddress: from,
            Destination: { ToAddresses: [...to] },
            Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: body } } } },
          }),
        ),
      ),

    publish: ({ topicArn, subject, body }) =>
      answered(
        topics.send(
          new PublishCommand({
            TopicArn: topicArn,
            Subject: subject.replace(/\s+/g, ' ').slice(0, longestSubject),
            Message: body,
          }),
        ),
      ),
  };
}

const lastingErrors: readonly string[] = [
  'AccessDeniedException',
  'AuthorizationError',
  'BadRequestException',
  'InvalidParameter',
  'MailFromDomainNotVerifiedException',
  'MessageRejected',
  'NotFound',
  'NotFoundException',
];

async function answered(sending: Promise<{ readonly MessageId?: string | undefined }>): Promise<OutgoingAnswer> {
  try {
    const { MessageId } = await sending;
    return { kind: 'answered', status: 200, headers: {}, body: MessageId ?? '' };
  } catch (error) {
    const name = error instanceof Error ? error.name : 'an unknown error';
    const kind = lastingErrors.includes(name) ? 'refused' : 'failed';
    return { kind, reason: `AWS answered ${name}` };
  }
}
