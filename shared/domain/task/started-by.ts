// `startedBy` of our tasks: ECS carries it in events and listings, where tags do not come (field.md 3.25).
// At most 128 characters: letters, digits, `-`, `_`, `/`.

export type TaskOwner = { readonly stack: string; readonly runId: string; readonly attempt: number };

const pattern = /^slipway\/([A-Za-z0-9_-]{1,64})\/([0-9a-f-]{36})\/(\d{1,6})$/;

export function startedBy({ stack, runId, attempt }: TaskOwner): string {
  return `slipway/${stack}/${runId}/${attempt}`;
}

/** Whose task it is, or undefined when it is none of ours. */
export function ownerOf(text: string | undefined): TaskOwner | undefined {
  const [, stack, runId, attempt] = pattern.exec(text ?? '') ?? [];
  if (stack === undefined || runId === undefined || attempt === undefined) return undefined;
  return { stack, runId, attempt: Number(attempt) };
}

/** RunTask's idempotency token (at most 64 characters): a new try has a new one, a repeat the same. */
export function clientTokenOf(runId: string, attempt: number, tryNumber: number): string {
  return `${runId}-${attempt}-${tryNumber}`;
}
