// The key of KMS under which the data of blocks is sealed. It outlives its stack as the tables do: without it what
// stands in them cannot be opened, by anybody, ever again.
import type { RemovalPolicy } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export type SecretKeyProps = { readonly removalPolicy: RemovalPolicy };

export class SecretKey extends Construct {
  readonly keyArn: string;

  constructor(scope: Construct, id: string, { removalPolicy }: SecretKeyProps) {
    super(scope, id);
    const key = new Key(this, 'Key', {
      description: 'Slipway: wraps the data keys that seal blocks',
      enableKeyRotation: true,
      removalPolicy,
    });
    this.keyArn = key.keyArn;
  }

  /** Opening what was sealed. */
  grantOpen(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['kms:Decrypt'], resourceArns: [this.keyArn] });
  }

  /** Sealing, and opening again. */
  grantSeal(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resourceArns: [this.keyArn] });
  }
}
