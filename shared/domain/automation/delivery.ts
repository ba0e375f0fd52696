// What an action sends to the world outside, before it is sent.

export type OutgoingRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Whether the server's certificate must be good. */
  readonly verifies: boolean;
  /** `public`: addresses of private networks are refused. Those of the machine itself and of its metadata always are. */
  readonly network: 'any' | 'public';
};

export type Email = {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly body: string;
};
export type TopicMessage = { readonly topicArn: string; readonly subject: string; readonly body: string };

export type Delivery =
  | { readonly kind: 'http'; readonly request: OutgoingRequest }
  | { readonly kind: 'email'; readonly email: Email }
  | { readonly kind: 'topic'; readonly message: TopicMessage };

/** What a block makes of a message; a block that cannot be used says why, without its secrets. */
export type Deliveries =
  | { readonly kind: 'deliveries'; readonly deliveries: readonly Delivery[] }
  | { readonly kind: 'problem'; readonly problem: string };

export const defaultTimeoutMs = 10_000;
export const longestTimeoutMs = 30_000;
