// The control and the bulk table, built from the one table of resources. Both outlive their stack,
// and the control table can be set back to any second of the last 35 days.
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { bulkTable, type ControlIndex, controlTable, type IndexSettings } from '../../shared/config/resources.ts';

export type TablesProps = {
  /** @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** Stream of a restored control table: it is used, and the stack's own stays as it is. @default the stack's own */
  readonly controlStreamArn?: string | undefined;
};

const readActions = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'] as const;
const writeActions = [
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:ConditionCheckItem',
] as const;

export class Tables extends Construct {
  readonly control: Pick<ITable, 'tableArn' | 'tableName'>;
  readonly bulk: Table;
  /** The control table's stream: every change of an item, kept for 24 hours. */
  readonly streamArn: string;

  constructor(scope: Construct, id: string, props: TablesProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const own = new Table(this, 'Control', {
      partitionKey: { name: controlTable.partitionKey, type: AttributeType.STRING },
      sortKey: { name: controlTable.sortKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: controlTable.ttl,
      removalPolicy,
    });
    for (const [name, index] of Object.entries(controlTable.indexes)) addIndex(own, name, index);
    const { controlStreamArn } = props;
    this.control = controlStreamArn === undefined ? own : restoredTable(this, controlStreamArn);
    const streamArn = controlStreamArn ?? own.tableStreamArn;
    if (streamArn === undefined) throw new Error('the control table has no stream: wanted one');
    this.streamArn = streamArn;
    this.bulk = new Table(this, 'Bulk', {
      partitionKey: { name: bulkTable.partitionKey, type: AttributeType.STRING },
      sortKey: { name: bulkTable.sortKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: bulkTable.ttl,
      removalPolicy,
    });
  }

  /** Items of the control table by their keys; nothing here scans. */
  grantControl(grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: [...readActions, ...writeActions],
      resourceArns: [this.control.tableArn],
    });
  }

  /** Which table it is: one that was restored starts frozen. */
  grantIdentity(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:DescribeTable'], resourceArns: [this.control.tableArn] });
  }

  /** Queries of these indexes of the control table, and of no other. */
  grantIndexes(grantee: IGrantable, names: readonly ControlIndex[]): void {
    const resourceArns = names.map((name) => `${this.control.tableArn}/index/${name}`);
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns });
  }

  /** Reading the stream; ListStreams, which Lambda asks for, knows no resource. */
  grantStream(grantee: IGrantable): void {
    const actions = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'];
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.streamArn] });
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:ListStreams'], resourceArns: ['*'] });
  }

  grantAppendLogs(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:PutItem'], resourceArns: [this.bulk.tableArn] });
  }

  /** An event of many parts is looked for before it is written. */
  grantKeepEvents(grantee: IGrantable): void {
    const actions = ['dynamodb:PutItem', 'dynamodb:GetItem'];
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.bulk.tableArn] });
  }

  grantReadEvents(grantee: IGrantable): void {
    const actions = ['dynamodb:Query', 'dynamodb:BatchGetItem'];
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.bulk.tableArn] });
  }

  /** What is too large for a message stands in the bulk table for a while. */
  grantPutLargeParts(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:PutItem'], resourceArns: [this.bulk.tableArn] });
  }

  grantReadLargeParts(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:BatchGetItem'], resourceArns: [this.bulk.tableArn] });
  }

  /** What artifacts show, in parts; the parts of a write that was replaced are removed. */
  grantArtifactData(grantee: IGrantable): void {
    const actions = ['dynamodb:PutItem', 'dynamodb:BatchGetItem', 'dynamodb:DeleteItem'];
    Grant.addToPrincipal({ grantee, actions, resourceArns: [this.bulk.tableArn] });
  }

  /** The log of a deleted run goes with it. */
  grantRemoveLogs(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:BatchWriteItem'], resourceArns: [this.bulk.tableArn] });
  }

  grantReadLogs(grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns: [this.bulk.tableArn] });
  }
}

function restoredTable(scope: Construct, tableStreamArn: string): ITable {
  const [tableArn = ''] = tableStreamArn.split('/stream/');
  return Table.fromTableAttributes(scope, 'RestoredControl', { tableArn, tableStreamArn });
}

function addIndex(table: Table, name: string, index: IndexSettings): void {
  table.addGlobalSecondaryIndex({
    indexName: name,
    partitionKey: { name: index.partitionKey, type: AttributeType.STRING },
    sortKey: {
      name: index.sortKey.name,
      type: index.sortKey.type === 'N' ? AttributeType.NUMBER : AttributeType.STRING,
    },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...index.projected],
  });
}
