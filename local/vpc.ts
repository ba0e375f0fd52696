// What clients ask of EC2 before they run a task: the account's one VPC and its subnets.
// Prefect's stock ECS worker looks both up for every task that it runs on Fargate.

import { z } from 'zod';
import { localSubnets, localVpc } from './account.ts';
import { AwsError, type AwsService, unknownOperation } from './aws-endpoint.ts';
import { account, region } from './ecs/names.ts';

const form = z.record(z.string(), z.string());

/** For the signing name `ec2`: `DescribeVpcs` and `DescribeSubnets`; filters are not looked at, as there is one VPC. */
export const vpcService: AwsService = async (operation, input) => {
  const asked = form.parse(input);
  if (operation === 'DescribeVpcs') return describeVpcs(asked);
  if (operation === 'DescribeSubnets')
    return reply(operation, `<subnetSet>${localSubnets.map(subnet).join('')}</subnetSet>`);
  throw unknownOperation(operation);
};

function describeVpcs(asked: Readonly<Record<string, string>>): string {
  const other = Object.entries(asked).find(([name, id]) => name.startsWith('VpcId.') && id !== localVpc);
  if (other !== undefined) {
    throw new AwsError('InvalidVpcID.NotFound', `The vpc ID '${other[1]}' does not exist; here is only ${localVpc}`);
  }
  return reply('DescribeVpcs', `<vpcSet><item><vpcId>${localVpc}</vpcId><isDefault>true</isDefault></item></vpcSet>`);
}

function subnet(id: string, index: number): string {
  const zone = `${region}${String.fromCharCode(97 + index)}`;
  return `<item><subnetId>${id}</subnetId><vpcId>${localVpc}</vpcId><availabilityZone>${zone}</availabilityZone><ownerId>${account}</ownerId></item>`;
}

function reply(operation: string, content: string): string {
  const root = `${operation}Response`;
  return `<?xml version="1.0" encoding="UTF-8"?><${root} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${content}</${root}>`;
}
