// The API's `PREFECT_API_AUTH_STRING`: a user name and a password that nobody chose, in the form of HTTP Basic.
// No template holds its value: CloudFormation joins the two while it creates the secret.
import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { slipwayName } from '../names.ts';

export class AuthSecret extends Construct {
  /** The whole string, `slipway:<password>`: what clients set, and what tasks get by this secret's ARN. */
  readonly secret: Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // Secrets Manager generates bare passwords or members of JSON only, hence a secret of its own for the password.
    const password = new Secret(this, 'Password', {
      description: 'Slipway: the generated half of the API auth string',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.secret = new Secret(this, 'AuthString', {
      description: 'Slipway: PREFECT_API_AUTH_STRING of the API',
      // Not plain text: the password is a reference that CloudFormation resolves.
      secretStringValue: SecretValue.unsafePlainText(`${slipwayName}:${password.secretValue.unsafeUnwrap()}`),
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
