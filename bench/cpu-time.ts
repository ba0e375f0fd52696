// The CPU time of this program's threads and of the processes under it, from Linux's /proc. On a machine that others
// load too, times by the clock say little; what a run costs stays nearly the same.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Milliseconds of CPU, user and system, by part. Empty where there is no /proc. */
export type CpuTime = Readonly<Record<string, number>>;

/** Threads that have a name of ours; all others (garbage collection, compiling, files) count as `helpers`. */
const threadParts = new Map([
  ['MainThread', 'main'],
  ['background', 'background'],
  ['services', 'services'],
  ['queue', 'queue'],
]);

/** What has been used until now: `client` is all children of ours that have ended, `tasks` all that of their host. */
export function cpuTime(): CpuTime {
  if (!existsSync('/proc/self/task')) return {};
  const used = new Map<string, number>([['client', ticksOf('self').waitedFor]]);
  const add = (part: string, milliseconds: number) => used.set(part, (used.get(part) ?? 0) + milliseconds);
  for (const thread of readdirSync('/proc/self/task')) {
    const folder = `/proc/self/task/${thread}`;
    const nanoseconds = Number(readOf(`${folder}/schedstat`).split(' ')[0]);
    add(threadParts.get(readOf(`${folder}/comm`).trim()) ?? 'helpers', nanoseconds / 1e6);
    for (const child of readOf(`${folder}/children`).split(' ').filter(Boolean)) {
      const { own, waitedFor } = ticksOf(child);
      const part = childPart(child);
      if (part !== undefined) add(part, own + waitedFor);
    }
  }
  return Object.fromEntries(used);
}

/** What was used between two looks. */
export function cpuBetween(before: CpuTime, after: CpuTime): CpuTime {
  return Object.fromEntries(Object.entries(after).map(([part, used]) => [part, used - (before[part] ?? 0)]));
}

function childPart(pid: string): string | undefined {
  const command = readOf(`/proc/${pid}/cmdline`);
  if (command.includes('dynoxide')) return 'database';
  return command.includes('container-host-process') ? 'tasks' : undefined;
}

/** `utime` to `cstime` of proc_pid_stat(5), in ticks of 10 ms. */
function ticksOf(pid: string): { readonly own: number; readonly waitedFor: number } {
  const fields = readOf(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields
    .slice(11, 15)
    .map((ticks) => Number(ticks) * 10);
  return { own: user + system, waitedFor: childrenUser + childrenSystem };
}

/** A process that ended meanwhile says nothing. */
function readOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
