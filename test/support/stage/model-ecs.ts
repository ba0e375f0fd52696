// A model of ECS at AWS's wire protocol under the virtual clock: client tokens that replay their first answer,
// stopped tasks that hide from listings, events with versions. What a task does is scripted by the test.
import { AwsError, type AwsService, unknownOperation } from '../../../local/aws-endpoint.ts';
import type { VirtualClock } from './clock.ts';
import { type Quota, quotaGate } from './quotas.ts';

type Input = Record<string, unknown>;

export type ModelTask = {
  readonly arn: string;
  readonly cluster: string;
  readonly family: string;
  readonly startedBy: string;
  readonly container: string;
  readonly request: Input;
  version: number;
  lastStatus: string;
  desiredStatus: string;
  stopCode?: string;
  stoppedReason?: string;
  exitCode?: number;
  createdAt: number;
  startedAt?: number;
  stoppedAt?: number;
};

/** What becomes of a started task; called once, at its start. */
export type TaskScript = (task: ModelTask, ecs: ModelEcs) => void;

export type ModelEcs = {
  readonly service: AwsService;
  readonly tasks: readonly ModelTask[];
  readonly runTaskCalls: readonly Input[];
  /** Does something at a virtual time. */
  at(time: number, act: () => Promise<void> | void): void;
  nextAt(): number | undefined;
  /** Does everything that is due. */
  act(): Promise<void>;
  start(task: ModelTask): void;
  end(task: ModelTask, end: { exitCode?: number; stopCode?: string; reason?: string }): void;
  /** ECS forgets a stopped task after an hour: it is neither listed nor described any more. */
  forget(task: ModelTask): void;
  /** A task that was hidden shows again. */
  recall(task: ModelTask): void;
};

export type ModelEcsOptions = {
  readonly clock: VirtualClock;
  readonly emit: (event: object) => void;
  readonly script: TaskScript;
  /** Seconds between RunTask and RUNNING. */
  readonly startSeconds?: number;
  /** @default none */
  readonly quotas?: readonly Quota[];
  /** Refuses a request, by throwing an AwsError or returning failures. */
  readonly refuse?: (input: Input, call: number) => { failures: object[] } | undefined;
  /** Turns a call away before ECS looks at it, by throwing; `call` counts the operation from 1. */
  readonly turnAway?: (operation: string, call: number) => void;
  /** Loses the answer of a call that took effect, by throwing. */
  readonly loseAnswer?: (operation: string, call: number) => void;
  /** What a task does that is asked to stop. @default its container ends within a second */
  readonly stopping?: (task: ModelTask, ecs: ModelEcs, reason: string) => void;
  /** Until when DescribeTasks and ListTasks may miss a task: AWS says up to five minutes. @default never */
  readonly hiddenUntil?: (task: ModelTask) => number;
  /** How long stopped tasks are known. @default until `forget` */
  readonly forgetsAfterSeconds?: number;
  /** How long a token outlives its task. @default for ever */
  readonly tokenOutlivesSeconds?: number;
};

const dayMs = 86_400_000;

const account = '000000000000';
const arnOf = (kind: string, id: string) => `arn:aws:ecs:us-east-1:${account}:${kind}/${id}`;
export const modelCluster = arnOf('cluster', 'slipway');

export function modelEcs(options: ModelEcsOptions): ModelEcs {
  const { clock, script } = options;
  const tasks: ModelTask[] = [];
  const runTaskCalls: Input[] = [];
  const answers = new Map<string, { request: string; at: number; answer: { tasks: ModelTask[] } }>();
  const agenda: { time: number; act: () => Promise<void> | void }[] = [];
  const families = new Map<string, number>();
  const calls = new Map<string, number>();
  const admit = quotaGate(clock, options.quotas ?? []);
  let launched = 0;

  const emit = (task: ModelTask) => {
    task.version += 1;
    options.emit({ 'detail-type': 'ECS Task State Change', source: 'aws.ecs', detail: eventDetail(task) });
  };

  const ecs: ModelEcs = {
    tasks,
    runTaskCalls,
    at: (time, act) => void agenda.push({ time, act }),
    nextAt: () => (agenda.length === 0 ? undefined : Math.min(...agenda.map(({ time }) => time))),
    async act() {
      for (;;) {
        const due = agenda.filter(({ time }) => time <= clock.now()).sort((one, other) => one.time - other.time)[0];
        if (due === undefined) return;
        agenda.splice(agenda.indexOf(due), 1);
        await due.act();
      }
    },
    start(task) {
      if (task.lastStatus === 'STOPPED') return;
      task.lastStatus = 'RUNNING';
      task.startedAt = clock.now();
      emit(task);
    },
    end(task, { exitCode, stopCode = 'EssentialContainerExited', reason = 'Essential container in task exited' }) {
      if (task.lastStatus === 'STOPPED') return;
      Object.assign(task, { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stoppedAt: clock.now(), stopCode });
      Object.assign(task, { stoppedReason: reason, ...(exitCode === undefined ? {} : { exitCode }) });
      emit(task);
    },
    forget(task) {
      tasks.splice(tasks.indexOf(task), 1);
    },
    recall: (task) => void tasks.push(task),
    service: async (operation, input) => {
      const call = (calls.get(operation) ?? 0) + 1;
      calls.set(operation, call);
      options.turnAway?.(operation, call);
      admit(operation);
      const answer = answerTo(operation, input as Input);
      options.loseAnswer?.(operation, call);
      return answer;
    },
  };

  function answerTo(operation: string, body: Input): object {
    switch (operation) {
      case 'RegisterTaskDefinition':
        return register(body);
      case 'RunTask':
        return runTask(body);
      case 'StopTask':
        return stopTask(body);
      case 'DescribeTasks':
        return describe(body);
      case 'ListTasks':
        return list(body);
      default:
        throw unknownOperation(operation);
    }
  }

  function register(input: Input): object {
    const family = String(input['family']);
    const revision = (families.get(family) ?? 0) + 1;
    families.set(family, revision);
    return {
      taskDefinition: { taskDefinitionArn: arnOf('task-definition', `${family}:${revision}`), family, revision },
    };
  }

  function runTask(input: Input): object {
    runTaskCalls.push(input);
    const token = String(input['clientToken']);
    const request = JSON.stringify(input);
    const known = input['clientToken'] === undefined ? undefined : answers.get(token);
    if (known !== undefined && isAlive(known)) {
      if (known.request !== request) throw new AwsError('ConflictException', 'other parameters');
      return replay(known.answer);
    }
    const failures = options.refuse?.(input, runTaskCalls.length);
    const answer = failures === undefined ? { tasks: [created(input)] } : { tasks: [], ...failures };
    answers.set(token, { request, at: clock.now(), answer });
    return replay(answer);
  }

  /** A token lives a day, and not much longer than its task. */
  function isAlive({ at, answer }: { at: number; answer: { tasks: ModelTask[] } }): boolean {
    if (options.tokenOutlivesSeconds === undefined) return true;
    const outlives = options.tokenOutlivesSeconds * 1000;
    const stopped = answer.tasks.map(({ stoppedAt }) => (stoppedAt ?? Number.POSITIVE_INFINITY) + outlives);
    return clock.now() < Math.min(at + dayMs, ...stopped);
  }

  /** Hidden while it is new, forgotten when it is old. */
  function isShown(task: ModelTask): boolean {
    if (clock.now() < (options.hiddenUntil?.(task) ?? 0)) return false;
    const forgotten = (options.forgetsAfterSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    return task.stoppedAt === undefined || clock.now() < task.stoppedAt + forgotten;
  }

  const replay = (answer: { tasks?: ModelTask[] } & object) => ({
    failures: [],
    ...answer,
    tasks: (answer.tasks ?? []).map(apiTask),
  });

  function created(input: Input): ModelTask {
    const [family = ''] = String(input['taskDefinition']).split('/').at(-1)?.split(':') ?? [];
    if (!families.has(family)) throw new AwsError('ClientException', 'TaskDefinition not found.');
    const overrides =
      (input['overrides'] as { containerOverrides?: { name?: string }[] } | undefined)?.containerOverrides ?? [];
    const task: ModelTask = {
      arn: arnOf('task', `slipway/${String(launched).padStart(32, '0')}`),
      cluster: modelCluster,
      family,
      startedBy: String(input['startedBy']),
      container: overrides[0]?.name ?? 'prefect',
      request: input,
      version: 1,
      lastStatus: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      createdAt: clock.now(),
    };
    launched += 1;
    tasks.push(task);
    ecs.at(clock.now() + (options.startSeconds ?? 2) * 1000, () => {
      if (task.desiredStatus === 'STOPPED') return;
      ecs.start(task);
      script(task, ecs);
    });
    return task;
  }

  function stopTask(input: Input): object {
    const task = tasks.find((known) => known.arn === input['task'] && isShown(known));
    if (task === undefined) throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
    if (task.lastStatus !== 'STOPPED') {
      const isFirst = task.desiredStatus !== 'STOPPED';
      task.desiredStatus = 'STOPPED';
      const reason = String(input['reason']);
      const end = () => ecs.end(task, { exitCode: 143, stopCode: 'UserInitiated', reason });
      if (options.stopping === undefined) ecs.at(clock.now() + 1000, end);
      else if (isFirst) options.stopping(task, ecs, reason);
    }
    return { task: apiTask(task) };
  }

  function describe(input: Input): object {
    const wanted = new Set(input['tasks'] as string[]);
    if (wanted.size > 100) throw new AwsError('InvalidParameterException', 'Tasks cannot exceed 100 elements.');
    const found = tasks.filter((task) => wanted.has(task.arn) && isShown(task));
    const there = new Set(found.map(({ arn }) => arn));
    const missing = [...wanted].filter((arn) => !there.has(arn));
    return { tasks: found.map(apiTask), failures: missing.map((arn) => ({ arn, reason: 'MISSING' })) };
  }

  function list(input: Input): object {
    if (input['startedBy'] !== undefined && (input['family'] ?? input['desiredStatus']) !== undefined)
      throw new AwsError('InvalidParameterException', 'startedBy cannot be combined with another filter.');
    const status = input['desiredStatus'] ?? 'RUNNING';
    const found = tasks.filter(
      (task) =>
        task.desiredStatus === status &&
        (input['startedBy'] === undefined || task.startedBy === input['startedBy']) &&
        (input['family'] === undefined || task.family === input['family']) &&
        isShown(task),
    );
    const from = Number(input['nextToken'] ?? 0);
    const end = from + Number(input['maxResults'] ?? 100);
    return {
      taskArns: found.slice(from, end).map(({ arn }) => arn),
      ...(end < found.length ? { nextToken: String(end) } : {}),
    };
  }

  return ecs;
}

const seconds = (time: number | undefined) => (time === undefined ? {} : time / 1000);
const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());

function common(task: ModelTask): object {
  return {
    taskArn: task.arn,
    clusterArn: task.cluster,
    startedBy: task.startedBy,
    version: task.version,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    ...(task.stopCode === undefined ? {} : { stopCode: task.stopCode, stoppedReason: task.stoppedReason }),
    containers: [
      {
        name: task.container,
        lastStatus: task.lastStatus,
        ...(task.exitCode === undefined ? {} : { exitCode: task.exitCode }),
      },
    ],
  };
}

function apiTask(task: ModelTask): object {
  const times = { createdAt: task.createdAt, startedAt: task.startedAt, stoppedAt: task.stoppedAt };
  const given = Object.entries(times).filter(([, time]) => time !== undefined);
  return { ...common(task), ...Object.fromEntries(given.map(([name, time]) => [name, seconds(time)])) };
}

function eventDetail(task: ModelTask): object {
  const times = { createdAt: iso(task.createdAt), startedAt: iso(task.startedAt), stoppedAt: iso(task.stoppedAt) };
  return { ...common(task), ...times };
}
