// The program that starts and ends container processes, beside the one that answers calls.
// Rule: forking a large process and reading all of /proc take long; nobody who waits for a reply pays for them.
// It dies with its parent's end of the channel; the containers do not.

import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerKey } from './container-files.ts';
import { type HostReply, readHostRequest, type StartRequest } from './container-host-messages.ts';
import { ProcessTable } from './process-table.ts';

const roundPauseMilliseconds = 5;
// On a busy machine some process always comes or goes while we look; this many empty looks are proof enough.
const enoughEmptyLooks = 3;

// A process that cannot be killed (another user's, or stuck in the kernel) must not keep its task for ever.
const giveUpMilliseconds = 10_000;

type EndRequest = {
  readonly id: number;
  readonly key: ContainerKey;
  readonly since: number;
  readonly emptyLooks: number;
};

// What tasks do must not keep the stack that serves them waiting; they inherit this.
setPriority(5);

const table = new ProcessTable();
let waiting: readonly EndRequest[] = [];
let isEnding = false;

process.on('message', (message) => {
  const request = readHostRequest(message);
  if (request.kind === 'start') {
    start(request);
    return;
  }
  waiting = [...waiting, { id: request.id, key: request.key, since: performance.now(), emptyLooks: 0 }];
  if (!isEnding) void endWaiting();
});

process.once('disconnect', () => process.exit(0));

function reply(message: HostReply): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function start({ id, key, order }: StartRequest): void {
  try {
    const child = spawn(order.program, order.arguments, {
      cwd: order.workingDirectory,
      env: order.environment,
      detached: true,
      stdio: 'ignore',
    });
    child.once('error', (error) => reply({ kind: 'done', id, problem: error.message }));
    child.once('exit', () => reply({ kind: 'ended', key }));
    if (child.pid === undefined) return;
    table.expectSession(child.pid, key);
    reply({ kind: 'done', id });
  } catch (error) {
    reply({ kind: 'done', id, problem: error instanceof Error ? error.message : String(error) });
  }
}

/** Kills until a look finds nothing: what costs is the look at /proc, so one serves all containers that wait. */
async function endWaiting(): Promise<void> {
  isEnding = true;
  while (waiting.length > 0) {
    const { counts, isComplete } = table.kill(new Set(waiting.map((request) => request.key)));
    const looked = waiting.map((request) => (counts.has(request.key) ? request : withEmptyLook(request)));
    const isOver = ({ emptyLooks, since }: EndRequest) =>
      emptyLooks >= (isComplete ? 1 : enoughEmptyLooks) || performance.now() - since > giveUpMilliseconds;
    for (const { id, key } of looked.filter(isOver)) {
      if (counts.has(key)) process.stderr.write(`local ecs: ${counts.get(key)} processes of ${key} do not end\n`);
      table.forgetSession(key);
      reply({ kind: 'done', id });
    }
    waiting = looked.filter((request) => !isOver(request));
    if (waiting.length > 0) await pause(roundPauseMilliseconds);
  }
  isEnding = false;
}

function withEmptyLook(request: EndRequest): EndRequest {
  return { ...request, emptyLooks: request.emptyLooks + 1 };
}
