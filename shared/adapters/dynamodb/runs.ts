// The store of runs: one conditional write moves a head; whatever is large is written beside it first.
// A deleted head leaves a tombstone in its own place: whoever creates the run again writes over that very item.
import type { Run } from '../../domain/run/run.ts';
import { timing } from '../../domain/run/timing.ts';
import type { Runs, Write } from '../../ports/runs.ts';
import { createAttempts } from './attempts.ts';
import {
  alongWrites,
  attemptChange,
  besideItems,
  givenSlots,
  headChange,
  leavingItems,
  putAll,
  trackerWrites,
} from './head-writes.ts';
import { type BodyStoreOptions, createRunBodies, isSmallBody } from './run-bodies.ts';
import { buriedAttempt, childItem, headItem, tombstoneItem } from './run-items.ts';
import { createRunLists } from './run-lists.ts';
import { createRunReads, wholeRun } from './run-reads.ts';
import { sweepDeletedRun } from './run-traces.ts';
import { createRunWalk } from './run-walk.ts';
import { runHeadKey } from './table.ts';
import { get, put, remove, transact } from './writes.ts';

/** How often a creation that meets deletions of its id looks again. */
const maximumCreations = 5;

export function createRuns(options: BodyStoreOptions): Runs {
  return {
    ...createRunReads(options),
    ...createRunBodies(options),
    ...createHeads(options),
    ...createAttempts(options),
    ...createRunLists(options),
    ...createRunWalk(options),
  };
}

type Heads = Pick<Runs, 'create' | 'change' | 'remove' | 'bury'>;

function createHeads(options: BodyStoreOptions): Heads {
  const { client, table, newId, now } = options;
  const { writeBody } = createRunBodies(options);

  /** Puts a first head over nothing, or over the very tombstone that was read. */
  const putFirst = async (run: Run, buried: number | undefined): Promise<Write> => {
    const writeId = newId();
    const isFree = buried === undefined ? 'attribute_not_exists(pk)' : 'last_attempt = :buried';
    const first = {
      TableName: table,
      Item: headItem(run, writeId),
      ConditionExpression: `${isFree} OR write_id = :mine`,
      ExpressionAttributeValues: { ':mine': writeId, ...(buried === undefined ? {} : { ':buried': buried }) },
    };
    const tracker = await trackerWrites(options, undefined, run);
    return tracker.length === 0 ? put(client, first) : transact(client, [{ Put: first }, ...tracker]);
  };

  return {
    async create(run, body, { mayHaveLived }) {
      const beside = [
        ...besideItems(run),
        ...(run.parentRunId === undefined ? [] : [childItem(run.parentRunId, run.id)]),
      ];
      const isSmall = isSmallBody(body);
      const putBeside = () =>
        Promise.all([putAll(client, table, beside), isSmall ? undefined : writeBody(run.id, run.bodyId, body)]);
      let isBesideThere = false;
      for (let race = 0; race < maximumCreations; race += 1) {
        const there = mayHaveLived || race > 0 ? await get(client, table, runHeadKey(run.id)) : undefined;
        const buried = there === undefined ? undefined : buriedAttempt(there);
        if (there !== undefined && buried === undefined) return { kind: 'exists', run: await wholeRun(options, there) };
        if (!isBesideThere) await putBeside();
        isBesideThere = true;
        const lived = buried === undefined ? {} : { attempt: buried, formerLife: buried };
        const first: Run = { ...run, ...lived, ...(isSmall ? { body } : {}) };
        if ((await putFirst(first, buried)) === 'written') return { kind: 'created', run: first };
      }
      throw new Error(`run ${run.id} is created and deleted by others at the same time`);
    },

    async change(before, after, along = {}): Promise<Write> {
      await putAll(client, table, leavingItems(before, after));
      const head = headChange(table, { before, after, writeId: newId() });
      const others = [
        ...alongWrites(table, along),
        ...givenSlots(table, before, after),
        ...(await trackerWrites(options, before, after)),
      ];
      return others.length === 0 ? put(client, head) : transact(client, [{ Put: head }, ...others]);
    },

    async remove(run, attempt): Promise<Write> {
      const head = {
        TableName: table,
        Key: runHeadKey(run.id),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': run.version },
      };
      const others = [
        ...(attempt === undefined ? [] : [{ Put: attemptChange(table, attempt) }]),
        ...givenSlots(table, run, undefined),
      ];
      const { Key: _key, ...condition } = head;
      const tombstone = { ...condition, Item: tombstoneItem(run.id, run.attempt, now() + timing.tracesKept) };
      const ending = run.attempt === 0 ? { Delete: head } : { Put: tombstone };
      const write = await (others.length > 0
        ? transact(client, [ending, ...others])
        : run.attempt === 0
          ? remove(client, head)
          : put(client, tombstone));
      if (write === 'written') await sweepDeletedRun(options, run.id);
      return write;
    },

    bury: (runId, attempt) =>
      put(client, {
        TableName: table,
        Item: tombstoneItem(runId, attempt, now() + timing.tracesKept),
        ConditionExpression: 'attribute_not_exists(pk) OR last_attempt < :attempt',
        ExpressionAttributeValues: { ':attempt': attempt },
      }),
  };
}
