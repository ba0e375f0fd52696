// The names that AWS would give: one account, one region, ARNs in their long form.
// Rule: an ARN is built here and nowhere else.

export const account = '000000000000';
export const region = 'us-east-1';
export const availabilityZone = 'us-east-1a';

const prefix = `arn:aws:ecs:${region}:${account}:`;

export function clusterArn(clusterName: string): string {
  return `${prefix}cluster/${clusterName}`;
}

export function taskArn(clusterName: string, taskId: string): string {
  return `${prefix}task/${clusterName}/${taskId}`;
}

export function containerArn(clusterName: string, taskId: string, containerId: string): string {
  return `${prefix}container/${clusterName}/${taskId}/${containerId}`;
}

export function taskDefinitionArn(family: string, revision: number): string {
  return `${prefix}task-definition/${family}:${revision}`;
}

/** The task's id from its ARN (long or short form) or from the id itself. */
export function taskIdOf(idOrArn: string): string {
  return idOrArn.slice(idOrArn.lastIndexOf('/') + 1);
}

/** Splits `family`, `family:revision` or an ARN; the revision is undefined where none is named. */
export function parseTaskDefinitionName(name: string): { family: string; revision: number | undefined } | undefined {
  const short = name.startsWith('arn:') ? name.slice(name.lastIndexOf('/') + 1) : name;
  const match = /^(?<family>[A-Za-z0-9_-]{1,255})(?::(?<revision>\d+))?$/.exec(short);
  const family = match?.groups?.['family'];
  if (family === undefined) return undefined;
  const revision = match?.groups?.['revision'];
  return { family, revision: revision === undefined ? undefined : Number(revision) };
}
