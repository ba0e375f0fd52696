// The bucket of the runs' bodies that no item of the control table holds. It outlives its stack as the table does, and
// what was deleted stays for as long as the table can be set back: the table of any day finds its bodies.
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export type BodyBucketProps = { readonly removalPolicy: RemovalPolicy };

/** Point-in-time recovery reaches back 35 days. */
const deletedKept = Duration.days(36);

export class BodyBucket extends Construct {
  readonly bucketName: string;
  private readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { removalPolicy }: BodyBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          // Nothing that is current ever expires: how long a run lives is its users' affair.
          noncurrentVersionExpiration: deletedKept,
          expiredObjectDeleteMarker: true,
        },
      ],
      removalPolicy,
    });
    this.bucketName = this.bucket.bucketName;
  }

  /** Without the right to list, S3 says "forbidden" of what is gone. */
  grantRead(grantee: IGrantable): void {
    this.grant(grantee, 's3:GetObject');
    Grant.addToPrincipal({ grantee, actions: ['s3:ListBucket'], resourceArns: [this.bucket.bucketArn] });
  }

  grantWrite(grantee: IGrantable): void {
    this.grant(grantee, 's3:PutObject');
  }

  /** Bodies go with their runs. */
  grantDelete(grantee: IGrantable): void {
    this.grant(grantee, 's3:DeleteObject');
  }

  private grant(grantee: IGrantable, action: string): void {
    Grant.addToPrincipal({ grantee, actions: [action], resourceArns: [this.bucket.arnForObjects('runs/*')] });
  }
}
