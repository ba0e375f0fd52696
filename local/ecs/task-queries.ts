// DescribeTasks, ListTasks and TagResource: what can be asked about tasks.
// Rule: they show what AWS shows; a task stopped for an hour is gone, and a list hides stopped tasks unless asked.

import { type AwsService, unknownOperation } from '../aws-endpoint.ts';
import {
  checkTags,
  clientError,
  describeTasksInput,
  invalidParameter,
  listTasksInput,
  pageOf,
  parseInput,
  tagResourceInput,
} from './input.ts';
import { taskArn, taskIdOf } from './names.ts';
import type { TaskRecord } from './records.ts';
import { checkCluster } from './run-task.ts';
import type { TaskBook } from './task-book.ts';
import type { TaskDefinitions } from './task-definitions.ts';
import { taskReply } from './task-view.ts';

export type TaskQueryDeps = {
  readonly clusterName: string;
  readonly book: TaskBook;
  readonly definitions: TaskDefinitions;
};

/** Serves the operations about tasks that start and stop nothing. */
export function taskQueries(deps: TaskQueryDeps): AwsService {
  return async (operation, input) => {
    switch (operation) {
      case 'DescribeTasks':
        return describeTasks(deps, input);
      case 'ListTasks':
        return listTasks(deps, input);
      case 'TagResource':
        return tagResource(deps, input);
      default:
        throw unknownOperation(operation);
    }
  };
}

function describeTasks({ clusterName, book }: TaskQueryDeps, input: unknown): unknown {
  const { cluster, tasks: names, include } = parseInput(describeTasksInput, input);
  checkCluster(cluster, clusterName);
  if (names.length === 0) throw invalidParameter('Tasks cannot be empty.');
  if (names.length > 100) throw invalidParameter('taskIds can have at most 100 items.');
  const ids = [...new Set(names.map(taskIdOf))];
  const tasks = ids.flatMap((id) => book.find(id) ?? []);
  const missing = ids.filter((id) => book.find(id) === undefined);
  return {
    tasks: tasks.map((task) => taskReply(task, { tags: include.includes('TAGS') })),
    failures: missing.map((id) => ({ arn: taskArn(clusterName, id), reason: 'MISSING' })),
  };
}

function listTasks({ clusterName, book }: TaskQueryDeps, input: unknown): unknown {
  const query = parseInput(listTasksInput, input);
  checkCluster(query.cluster, clusterName);
  const { family, startedBy, desiredStatus, launchType, containerInstance, serviceName } = query;
  const others = [family, desiredStatus, launchType, containerInstance, serviceName];
  if (startedBy !== undefined && others.some((filter) => filter !== undefined)) {
    throw invalidParameter('startedBy cannot be combined with another filter.');
  }
  const isAsked = (task: TaskRecord): boolean =>
    task.desiredStatus === (desiredStatus ?? 'RUNNING') &&
    (family === undefined || task.family === family) &&
    (startedBy === undefined || task.startedBy === startedBy) &&
    (launchType === undefined || task.launchType === launchType) &&
    // Nothing here runs in a service or on an instance.
    containerInstance === undefined &&
    serviceName === undefined;
  const arns = book
    .all()
    .filter(isAsked)
    .map((task) => task.arn);
  const { items, nextToken } = pageOf(arns, query);
  return { taskArns: items, nextToken };
}

function tagResource({ book, definitions }: TaskQueryDeps, input: unknown): unknown {
  const { resourceArn, tags } = parseInput(tagResourceInput, input);
  checkTags(tags);
  const kind = /^arn:aws:ecs:[^:]+:\d{12}:(?<kind>task|task-definition)\//.exec(resourceArn)?.groups?.['kind'];
  if (kind === 'task') return tagTask(book, { id: taskIdOf(resourceArn), tags });
  if (kind === 'task-definition' && definitions.tag(resourceArn, tags)) return {};
  if (kind === 'task-definition') throw clientError('Unable to describe task definition.');
  throw invalidParameter(`Invalid arn syntax, or a resource that has no tags here: ${resourceArn}`);
}

function tagTask(book: TaskBook, { id, tags }: { id: string; tags: TaskRecord['tags'] }): unknown {
  const task = book.find(id);
  if (task === undefined) throw invalidParameter('The referenced task was not found.');
  const kept = task.tags.filter((old) => !tags.some((tag) => tag.key === old.key));
  const all = [...kept, ...tags];
  checkTags(all);
  book.note(id, { tags: all });
  return {};
}
