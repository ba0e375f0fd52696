// docs/kept-differences.md is the one list of differences kept on purpose: complete, and each with its reason.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keptShapes } from '../../scripts/openapi/kept-shapes.ts';
import { type PolicyName, ruleNames } from '../../shared/domain/run/policy.ts';
import { type TaskPolicyName, taskRuleNames } from '../../shared/domain/task-run/policy.ts';
import { keptDifferences } from '../differential/kept-differences.ts';

const lines = readFileSync(new URL('../../docs/kept-differences.md', import.meta.url), 'utf8').split('\n');
const page = lines.join('\n');

/** The blocks of lines that begin with a bar. */
const tables = page.split(/\n(?!\|)/).flatMap((block) => {
  const rows = block.split('\n').filter((line) => line.startsWith('|'));
  return rows.length === 0 ? [] : [rows];
});

/** A bar after a backslash, or in code, ends no cell. */
const cellsOf = (row: string) =>
  row
    .replaceAll('\\|', '¦')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('the list of differences', () => {
  it('has a head to each table', () => {
    const heads = tables.map(([head = '', line = '']) => [cellsOf(head).slice(1), cellsOf(line)]);

    expect(tables.length).toBeGreaterThan(1);
    for (const [head, line] of heads) {
      expect(head).toEqual(['Prefect', 'Slipway', 'why']);
      expect(line).toEqual(['---', '---', '---', '---']);
    }
  });

  it('says in each row what differs, how, and why', () => {
    const wrong = tables.flat().filter((row) => cellsOf(row).length !== 4 || cellsOf(row).includes(''));

    expect(wrong).toEqual([]);
  });

  it('tells each difference once', () => {
    const told = tables.flatMap((rows) => rows.slice(2)).map((row) => cellsOf(row)[0]);

    expect(told.filter((what, index) => told.indexOf(what) !== index)).toEqual([]);
  });

  it('has a line for each difference that a check knows, and no other lines', () => {
    const known = [...keptDifferences, ...keptShapes].map(({ reason }) => reason);
    const bullets = lines.filter((line) => line.startsWith('- ')).map((line) => line.slice(2));

    expect(bullets.filter((line) => !known.some((reason) => line.includes(reason)))).toEqual([]);
    expect(known.filter((reason) => !page.includes(reason))).toEqual([]);
  });
});

/** Prefect 3.8.8's lists; what it does once a state is written (instruments, slots given back) is no rule here. */
const prefectRules = {
  core: [
    'PreserveDeploymentConcurrencyLeaseId',
    'PreventDuplicateTransitions',
    'HandleFlowTerminalStateTransitions',
    'EnforceCancellingToCancelledTransition',
    'BypassCancellingFlowRunsWithNoInfra',
    'PreventPendingTransitions',
    'ValidateDeploymentConcurrencyAtRunning',
    'SecureFlowConcurrencySlots',
    'RemoveDeploymentConcurrencyLeaseForOldClientVersions',
    'EnsureOnlyScheduledFlowsMarkedLate',
    'HandlePausingFlows',
    'HandleResumingPausedFlows',
    'CopyScheduledTime',
    'WaitForScheduledTime',
    'RetryFailedFlows',
  ],
  minimal: ['PreventResultDataLoss', 'BypassCancellingFlowRunsWithNoInfra'],
  late: ['EnsureOnlyScheduledFlowsMarkedLate', 'EnforceDeploymentConcurrencyOnLate'],
} as const satisfies Record<PolicyName, readonly string[]>;

const prefectTaskRules = {
  core: [
    'CacheRetrieval',
    'HandleTaskTerminalStateTransitions',
    'PreventRunningTasksFromStoppedFlows',
    'SecureTaskConcurrencySlots',
    'CopyScheduledTime',
    'WaitForScheduledTime',
    'RetryFailedTasks',
    'RenameReruns',
    'UpdateFlowRunTrackerOnTasks',
    'CacheInsertion',
  ],
  background: [
    'PreventPendingTransitions',
    'CacheRetrieval',
    'HandleTaskTerminalStateTransitions',
    'CopyScheduledTime',
    'CopyTaskParametersID',
    'WaitForScheduledTime',
    'RetryFailedTasks',
    'RenameReruns',
    'UpdateFlowRunTrackerOnTasks',
    'CacheInsertion',
    'EnqueueScheduledTasks',
  ],
  minimal: [],
} as const satisfies Record<TaskPolicyName, readonly string[]>;

const policies = [
  ...(['core', 'minimal', 'late'] as const).map((name) => ({
    policy: `flow runs, ${name}`,
    rules: ruleNames(name),
    prefect: prefectRules[name] as readonly string[],
  })),
  ...(['core', 'background', 'minimal'] as const).map((name) => ({
    policy: `task runs, ${name}`,
    rules: taskRuleNames(name),
    prefect: prefectTaskRules[name] as readonly string[],
  })),
];

describe('the rules of a policy', () => {
  it.each(policies)("are Prefect's in its order: $policy", ({ rules, prefect }) => {
    expect(rules.filter((name) => prefect.includes(name))).toEqual(prefect);
  });

  it.each(policies)('stand beside our own, each told in the list of differences: $policy', ({ rules, prefect }) => {
    const own = rules.filter((name) => !prefect.includes(name));
    const told = tables.flat().join('\n');

    expect(own.filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
  });

  it('are our own where attempts, pumps and places are concerned', () => {
    const own = [...ruleNames('core')].filter((name) => !(prefectRules.core as readonly string[]).includes(name));

    expect(own).toContain('FenceAttempts');
    expect(own).toContain('KeepToTable');
  });
});
