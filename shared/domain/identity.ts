// Ids that can be derived, so that creating a thing twice is one conditional write and needs no second item.
// The hash comes in as an argument: domain has no crypto of its own.

/** Hex SHA-256 of a UTF-8 text. */
export type Sha256 = (text: string) => string;

/** A UUID (version 8, RFC 9562) that is always the same for the same kind and parts. */
export function derivedId(sha256: Sha256, kind: string, parts: readonly string[]): string {
  const hex = sha256(JSON.stringify([kind, ...parts]));
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function flowIdOf(sha256: Sha256, name: string): string {
  return derivedId(sha256, 'flow', [name]);
}

export function deploymentIdOf(sha256: Sha256, flowId: string, name: string): string {
  return derivedId(sha256, 'deployment', [flowId, name]);
}

export function workPoolIdOf(sha256: Sha256, name: string): string {
  return derivedId(sha256, 'work-pool', [name]);
}

export function workQueueIdOf(sha256: Sha256, workPoolName: string, name: string): string {
  return derivedId(sha256, 'work-queue', [workPoolName, name]);
}

/** Prefect's scope of an idempotency key is the flow. */
export function runIdOf(sha256: Sha256, flowId: string, idempotencyKey: string): string {
  return derivedId(sha256, 'run', [flowId, idempotencyKey]);
}

/** A UUID (version 7, RFC 9562) that tells when it was made; `randomId` gives the rest. */
export function timedId(epochMilliseconds: number, randomId: string): string {
  const hex = Math.floor(epochMilliseconds).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomId.slice(15)}`;
}

/** When an id of `timedId` was made, in epoch milliseconds; undefined for any other. */
export function timeOfId(id: string): number | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id);
  return match === null ? undefined : Number.parseInt(`${match[1]}${match[2]}`, 16);
}
