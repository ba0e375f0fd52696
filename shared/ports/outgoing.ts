// What actions need to reach the world outside: HTTP, e-mail, SNS.
import type { Email, OutgoingRequest, TopicMessage } from '../domain/automation/delivery.ts';

export type OutgoingAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** The beginning of what was answered. */
      readonly body: string;
    }
  /** Nothing was sent, and never will be. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may have arrived. */
  | { readonly kind: 'failed'; readonly reason: string };

/** No reason holds an address with its secrets, nor a header, nor a body. */
export type Outgoing = {
  http(request: OutgoingRequest): Promise<OutgoingAnswer>;
  email(email: Email): Promise<OutgoingAnswer>;
  publish(message: TopicMessage): Promise<OutgoingAnswer>;
};
