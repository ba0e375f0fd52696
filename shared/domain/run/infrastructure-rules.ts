// Which ends of a task cost the infrastructure's budget instead of the run: a pool's own rules by stop code, reason and
// exit code. The first rule that fits counts; where none does, the table of outcomes decides.
import type { Json } from '../json.ts';
import { fieldOf, isJsonObject, kindOf } from '../template/json-value.ts';

export type InfrastructureRule = {
  readonly stopCode?: string;
  /** Found anywhere in the reason, in any case; `*` stands for anything between. */
  readonly reason?: string;
  readonly exitCode?: number;
  /** `retry`: a new attempt while the budget lasts. `end`: no new attempt, whatever the table says. */
  readonly action: 'retry' | 'end';
};

export type InfrastructurePolicy = {
  /** New attempts that a run may cost. */
  readonly retries: number;
  readonly rules: readonly InfrastructureRule[];
};

/** Of attempts that carry none (rule 11). */
export const standardPolicy: InfrastructurePolicy = { retries: 3, rules: [] };

export const ruleActions = ['retry', 'end'] as const;

/** How a task ended, as far as rules ask. `reason`: what ECS says of task and container. */
export type TaskEnd = { readonly stopCode?: string; readonly reason: string; readonly exitCode?: number };

/** What the first rule that fits says, or undefined. A rule fits when all that it names does. */
export function ruledAction(
  rules: readonly InfrastructureRule[],
  end: TaskEnd,
): InfrastructureRule['action'] | undefined {
  return rules.find((rule) => fits(rule, end))?.action;
}

function fits(rule: InfrastructureRule, end: TaskEnd): boolean {
  return (
    (rule.stopCode === undefined || rule.stopCode === end.stopCode) &&
    (rule.exitCode === undefined || rule.exitCode === end.exitCode) &&
    (rule.reason === undefined || isFound(rule.reason, end.reason))
  );
}

/** Part after part, so that no pattern of anybody takes longer than the text is long. */
function isFound(pattern: string, text: string): boolean {
  const lowered = text.toLowerCase();
  let from = 0;
  return pattern
    .toLowerCase()
    .split('*')
    .every((part) => {
      const at = lowered.indexOf(part, from);
      from = at + part.length;
      return at >= 0;
    });
}

export type RuleResult =
  | { readonly ok: true; readonly rule: InfrastructureRule }
  | { readonly ok: false; readonly problem: string };

const ruleKeys = ['stop_code', 'reason', 'exit_code', 'action'];
const mostCharacters = 200;

/** A rule as it is written in a job variable. */
export function infrastructureRule(written: Json): RuleResult {
  if (!isJsonObject(written)) return refuse(`must be an object with ${ruleKeys.join(', ')}, got ${kindOf(written)}`);
  const unknown = Object.keys(written).find((key) => !ruleKeys.includes(key));
  if (unknown !== undefined) return refuse(`knows ${ruleKeys.join(', ')}, got ${unknown}`);
  const stopCode = fieldOf(written, 'stop_code') ?? undefined;
  const reason = fieldOf(written, 'reason') ?? undefined;
  const exitCode = fieldOf(written, 'exit_code') ?? undefined;
  const action = ruleActions.find((known) => known === (fieldOf(written, 'action') ?? 'retry'));
  if (action === undefined) return refuse(`action must be one of ${ruleActions.join(', ')}`);
  if (stopCode !== undefined && !isText(stopCode)) return refuse(`stop_code must be text, got ${kindOf(stopCode)}`);
  if (reason !== undefined && !isText(reason)) {
    return refuse(`reason must be text of 1 to ${mostCharacters} characters, got ${kindOf(reason)}`);
  }
  if (exitCode !== undefined && !isExitCode(exitCode)) return refuse('exit_code must be a whole number from 0 to 255');
  if (stopCode === undefined && reason === undefined && exitCode === undefined) {
    return refuse('must name stop_code, reason or exit_code, got none of them');
  }
  return {
    ok: true,
    rule: {
      action,
      ...(stopCode === undefined ? {} : { stopCode }),
      ...(reason === undefined ? {} : { reason }),
      ...(exitCode === undefined ? {} : { exitCode }),
    },
  };
}

function refuse(problem: string): RuleResult {
  return { ok: false, problem };
}

function isText(value: Json): value is string {
  return typeof value === 'string' && value !== '' && value.length <= mostCharacters;
}

function isExitCode(value: Json): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
