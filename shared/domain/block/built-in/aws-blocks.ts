// Blocks of our own, beside those of Prefect: notifications by services of the account that Slipway runs in.
// They hold no secret: what may be sent is decided by the role of the Lambda that acts.
import { type BuiltInBlock, blockFields, text, textList } from './block-property.ts';
import { notification } from './notification.ts';

export const awsBlocks: readonly BuiltInBlock[] = [
  notification({
    slug: 'aws-ses-email',
    name: 'AWS SES Email',
    logo: 'email.png',
    description: 'Sends mail by Amazon SES, from an identity that is verified in the account of this server.',
    className: 'AwsSesEmail',
    checksum: 'sha256:0c6f4a4f0b2f6b0d4f3d4f6dbd2b9d4c1f7f0a3a6a4b8f2d9b6a7f5e3c1d2b48',
    fields: (slug, description) =>
      blockFields({
        slug,
        title: 'AwsSesEmail',
        description,
        properties: {
          sender_email: text({
            title: 'Sender',
            description: 'Address of a verified identity.',
            examples: ['alerts@example.com'],
          }),
          to_emails: { ...textList, title: 'Recipients', description: 'Addresses that get the mail.' },
        },
        required: ['sender_email', 'to_emails'],
        secretFields: [],
      }),
  }),
  notification({
    slug: 'aws-sns-topic',
    name: 'AWS SNS Topic',
    logo: 'webhook.png',
    description: 'Publishes to a topic of Amazon SNS in the account and region of this server.',
    className: 'AwsSnsTopic',
    checksum: 'sha256:5d0a3b1e7c9f4a6db8e2c4f60a9b7d3e1f5c8a2b4d6e0f9a7c3b5d1e8f2a6c47',
    fields: (slug, description) =>
      blockFields({
        slug,
        title: 'AwsSnsTopic',
        description,
        properties: {
          topic_arn: text({
            title: 'Topic',
            description: 'ARN of the topic.',
            examples: ['arn:aws:sns:us-east-1:123456789012:alerts'],
          }),
        },
        required: ['topic_arn'],
        secretFields: [],
      }),
  }),
];
