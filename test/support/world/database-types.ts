// What is asked of the tables, and what they remember of every change.
import type { Item, Terms } from './expressions.ts';

export type ItemKey = { readonly pk: string; readonly sk: string };

/** One item that changed; the items of one transaction have the same number. */
export type Change = {
  readonly number: number;
  readonly time: number;
  readonly by: string;
  readonly key: ItemKey;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
};

export type CallInput = Terms & {
  readonly TableName?: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly IndexName?: string;
  readonly Limit?: number;
  readonly ScanIndexForward?: boolean;
  readonly ExclusiveStartKey?: Item | undefined;
  readonly TransactItems?: readonly Readonly<Record<string, CallInput>>[];
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly ClientRequestToken?: string;
};
