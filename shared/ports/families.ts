// Our task definition families: content-addressed, remembered before they are registered (rule 4's stored request).
import type { JsonObject } from '../domain/json.ts';

export type Family = { readonly definition: JsonObject; readonly arn?: string };

export type Families = {
  /** Keeps the definition of a family; the same family has the same content for ever. */
  remember(family: string, definition: JsonObject): Promise<void>;
  read(family: string): Promise<Family | undefined>;
  markRegistered(family: string, arn: string): Promise<void>;
};
