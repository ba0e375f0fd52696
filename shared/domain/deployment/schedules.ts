// How the schedules of a deployment change when it is saved again.
// By slugs where all have one, so that a redeploy keeps their ids; else the new set takes the place of the old.
import type { DeploymentSchedule } from '../catalogue.ts';
import type { JsonObject } from '../json.ts';

/** A schedule as it is sent; what is undefined was not sent. */
export type SentSchedule = {
  readonly schedule?: JsonObject | undefined;
  readonly active?: boolean | undefined;
  /** `null` takes the cap away. */
  readonly maxScheduledRuns?: number | null | undefined;
  readonly parameters?: JsonObject | undefined;
  readonly slug?: string | undefined;
  /** The slug of the schedule whose place this one takes. */
  readonly replaces?: string | undefined;
};

export type ScheduleOwner = { readonly deploymentId: string; readonly now: number; readonly newId: () => string };

export type MergedSchedules =
  | { readonly ok: true; readonly schedules: readonly DeploymentSchedule[] }
  | { readonly ok: false; readonly problem: string };

const withoutSchedule = 'Unable to create new deployment schedules without a schedule configuration.';

/** Undefined when the schedule itself is missing. */
function newSchedule(sent: SentSchedule, owner: ScheduleOwner): DeploymentSchedule | undefined {
  if (sent.schedule === undefined) return undefined;
  const fresh: DeploymentSchedule = {
    id: owner.newId(),
    created: owner.now,
    updated: owner.now,
    deploymentId: owner.deploymentId,
    schedule: sent.schedule,
    active: sent.active ?? true,
    parameters: sent.parameters ?? {},
  };
  return { ...fresh, ...optional(sent) };
}

function optional({ maxScheduledRuns, slug }: SentSchedule): Pick<DeploymentSchedule, 'maxScheduledRuns' | 'slug'> {
  return {
    ...(maxScheduledRuns === undefined || maxScheduledRuns === null ? {} : { maxScheduledRuns }),
    ...(slug === undefined ? {} : { slug }),
  };
}

export function changedSchedule(known: DeploymentSchedule, sent: SentSchedule, now: number): DeploymentSchedule {
  const { maxScheduledRuns: _cap, ...uncapped } = known;
  const base = sent.maxScheduledRuns === null ? uncapped : known;
  return {
    ...base,
    updated: now,
    schedule: sent.schedule ?? known.schedule,
    active: sent.active ?? known.active,
    parameters: sent.parameters ?? known.parameters,
    ...optional(sent),
  };
}

export function replacedSchedules(sent: readonly SentSchedule[], owner: ScheduleOwner): MergedSchedules {
  const schedules = sent.map((schedule) => newSchedule(schedule, owner));
  const whole = schedules.filter((schedule) => schedule !== undefined);
  if (whole.length < schedules.length) return { ok: false, problem: withoutSchedule };
  const repeated = repeatedSlug(whole);
  return repeated === undefined ? { ok: true, schedules: whole } : { ok: false, problem: repeated };
}

export function mergedSchedules(
  known: readonly DeploymentSchedule[],
  sent: readonly SentSchedule[],
  owner: ScheduleOwner,
): MergedSchedules {
  const allKnownHaveSlugs = known.length > 0 && known.every(({ slug }) => slug !== undefined);
  if (!allKnownHaveSlugs) return replacedSchedules(sent, owner);
  if (!sent.every(({ slug }) => slug !== undefined)) {
    const problem =
      'Please provide a slug for each schedule in your request to ensure schedules are updated correctly.';
    return { ok: false, problem };
  }
  const problem = renameProblem(known, sent);
  return problem === undefined ? mergeBySlug(known, sent, owner) : { ok: false, problem };
}

function mergeBySlug(
  known: readonly DeploymentSchedule[],
  sent: readonly SentSchedule[],
  owner: ScheduleOwner,
): MergedSchedules {
  const targetOf = (schedule: SentSchedule) => schedule.replaces ?? schedule.slug;
  const kept = known.map((schedule) => {
    const change = sent.find((candidate) => targetOf(candidate) === schedule.slug);
    return change === undefined ? schedule : changedSchedule(schedule, change, owner.now);
  });
  const added = replacedSchedules(
    sent.filter((candidate) => !known.some(({ slug }) => slug === targetOf(candidate))),
    owner,
  );
  if (!added.ok) return added;
  const schedules = [...kept, ...added.schedules];
  const repeated = repeatedSlug(schedules);
  return repeated === undefined ? { ok: true, schedules } : { ok: false, problem: repeated };
}

function renameProblem(known: readonly DeploymentSchedule[], sent: readonly SentSchedule[]): string | undefined {
  const replaced = sent.flatMap(({ replaces }) => (replaces === undefined ? [] : [replaces]));
  const twice = replaced.find((slug, at) => replaced.indexOf(slug) !== at);
  if (twice !== undefined) return `Multiple schedules have 'replaces' targeting the same slug: ${twice}`;
  const collision = sent.find(
    ({ slug, replaces }) =>
      replaces !== undefined &&
      slug !== undefined &&
      known.some((schedule) => schedule.slug === slug) &&
      !replaced.includes(slug),
  );
  if (collision === undefined) return undefined;
  const { slug = '', replaces = '' } = collision;
  return `Cannot rename schedule from '${replaces}' to '${slug}': a schedule with slug '${slug}' already exists.`;
}

/** Prefect's rule: slugs are unique within a deployment. */
const slugsMustBeUnique = 'Schedule slugs must be unique within a deployment.';

export function repeatedSlug(schedules: readonly DeploymentSchedule[]): string | undefined {
  const slugs = schedules.flatMap(({ slug }) => (slug === undefined ? [] : [slug]));
  return new Set(slugs).size === slugs.length ? undefined : slugsMustBeUnique;
}
