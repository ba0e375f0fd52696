// What a task is made from, beside the rendered configuration: the stack's defaults and the identity of the run.
import type { Sha256 } from '../identity.ts';
import type { Json, JsonObject } from '../json.ts';

/** What a template leaves open. */
export type TaskDefaults = {
  readonly clusterArn: string;
  readonly executionRoleArn: string;
  readonly taskRoleArn: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly assignPublicIp: 'ENABLED' | 'DISABLED';
  readonly logGroup: string;
  readonly region: string;
  /** As the container reaches it, with `/api`. */
  readonly apiUrl: string;
  readonly uiUrl?: string;
  /** Secret whose value is the API's auth string; none where the API asks for none. */
  readonly authSecretArn?: string;
  readonly defaultImage: string;
};

type Named = { readonly id: string; readonly name: string };

export type RunIdentity = {
  readonly runId: string;
  readonly runName?: string;
  readonly attempt: number;
  readonly flow: Named;
  readonly deployment?: Named;
  readonly workPoolName: string;
  readonly workPoolId?: string;
  /** At most 128 characters; comes back in events and listings. */
  readonly startedBy: string;
  /** Left out of the request when undefined: the sender adds the token of its try. */
  readonly clientToken?: string;
};

export type TaskInput = {
  /** Rendered, with `aws_credentials` left unresolved (`unreadEcsKeys`). */
  readonly configuration: JsonObject;
  readonly defaults: TaskDefaults;
  readonly run: RunIdentity;
  readonly sha256: Sha256;
  /** The job variable `reports`, for templates that do not carry it into the configuration. */
  readonly reports?: Json | undefined;
};

/** Keys of an ecs configuration that nobody reads: to be left unresolved when it is rendered. */
export const unreadEcsKeys: readonly string[] = ['aws_credentials'];
