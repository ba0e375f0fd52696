// Where tasks run: a VPC that costs nothing while no task runs, because it has no NAT gateway and no interface endpoint.
// Tasks get a public address for their way out; nothing may come in (docs/adr/0002-vpc-without-nat.md).
import {
  CfnSecurityGroup,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

export class Network extends Construct {
  readonly subnets: readonly ISubnet[];
  readonly securityGroupId: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/16'),
      // What a template that names no region can count on.
      maxAzs: 2,
      natGateways: 0,
      // A task asks for its own public address, so nothing else started here gets one by accident. 4,091 addresses each.
      subnetConfiguration: [{ name: 'Tasks', subnetType: SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: false }],
    });
    vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    vpc.addGatewayEndpoint('DynamoDb', { service: GatewayVpcEndpointAwsService.DYNAMODB });
    this.subnets = vpc.publicSubnets;
    const securityGroup = new CfnSecurityGroup(this, 'TaskSecurityGroup', {
      vpcId: vpc.vpcId,
      groupDescription: 'Slipway tasks: everything out, nothing in',
      securityGroupEgress: [{ cidrIp: '0.0.0.0/0', ipProtocol: '-1', description: 'images, the API, what flows use' }],
    });
    this.securityGroupId = securityGroup.attrGroupId;
  }
}
