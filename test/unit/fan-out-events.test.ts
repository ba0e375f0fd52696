import { describe, expect, it } from 'vitest';
import type { EventFilter } from '../../shared/domain/event/event-filter.ts';
import type { ConnectionRef, PostOutcome, Subscriber } from '../../shared/ports/connections.ts';
import { asJson } from '../../shared/use-cases/as-json.ts';
import { fanOutEvents } from '../../shared/use-cases/fan-out-events.ts';
import { anEvent } from '../support/event-builders.ts';

const subscriber = (id: string, filter: EventFilter = {}): Subscriber => ({
  kind: 'events-out',
  id,
  isAuthorized: true,
  connectedAt: 0,
  expiresAt: 1,
  subscription: { filter: asJson(filter), since: 0 },
});

/** A room of watchers; `answer` is what a post to one of them comes to. */
function aRoom(
  subscribers: readonly Subscriber[],
  answer: (id: string) => PostOutcome | Error | number = () => 'sent',
) {
  const clock = { now: 0 };
  const sent: { id: string; event: string }[] = [];
  const gone: string[] = [];
  const closed: [id: string, code: number][] = [];
  const told: string[] = [];
  const deps = {
    world: { now: () => clock.now },
    connections: {
      subscribers: async () => subscribers,
      remove: async ({ id }: ConnectionRef) => void gone.push(id),
    },
    sender: {
      post: async ({ id }: ConnectionRef, frame: string): Promise<PostOutcome> => {
        const outcome = answer(id);
        if (outcome instanceof Error) throw outcome;
        if (typeof outcome === 'number') clock.now += outcome;
        else if (outcome !== 'sent') return outcome;
        sent.push({ id, event: JSON.parse(frame).event.event });
        return 'sent';
      },
      close: async ({ id }: ConnectionRef, { code }: { code: number }) => void closed.push([id, code]),
    },
    telemetry: {
      frameNotCarried: ({ id }: { id: string }) => void told.push(`too large for ${id}`),
      watcherCutOff: ({ id }: { id: string }) => void told.push(`${id} cut off`),
    },
  };
  return { deps, sent, gone, closed, told };
}

const eventsOf = (sent: readonly { id: string; event: string }[], id: string) =>
  sent.filter((one) => one.id === id).map(({ event }) => event);

describe('fanning events out', () => {
  it('gives each watcher what its filter means, in the order in which it happened', async () => {
    const room = aRoom([subscriber('all'), subscriber('runs', { event: { prefix: ['run.'] } })]);
    const events = [
      anEvent({ event: 'run.ended', occurred: 3 }),
      anEvent({ event: 'run.began', occurred: 1 }),
      anEvent({ event: 'shop.opened', occurred: 2 }),
    ];

    await fanOutEvents(room.deps, events);

    expect(eventsOf(room.sent, 'all')).toEqual(['run.began', 'shop.opened', 'run.ended']);
    expect(eventsOf(room.sent, 'runs')).toEqual(['run.began', 'run.ended']);
  });

  it('sends the event as Prefect has it, in an envelope', async () => {
    const frames: string[] = [];
    const room = aRoom([subscriber('a')]);
    const event = anEvent({ occurred: Date.parse('2026-11-23T11:00:00Z') });

    const post = async (_ref: ConnectionRef, frame: string): Promise<PostOutcome> => {
      frames.push(frame);
      return 'sent';
    };

    await fanOutEvents({ ...room.deps, sender: { ...room.deps.sender, post } }, [event]);

    expect(JSON.parse(frames[0] ?? '')).toMatchObject({
      type: 'event',
      event: { id: event.id, occurred: '2026-11-23T11:00:00.000Z', follows: null },
    });
  });

  it('forgets a watcher that is gone and tries no more frames on it', async () => {
    let posts = 0;
    const room = aRoom([subscriber('gone'), subscriber('here')], (id) => {
      if (id === 'gone') posts += 1;
      return id === 'gone' ? 'gone' : 'sent';
    });

    await fanOutEvents(room.deps, [anEvent(), anEvent()]);

    expect(room.gone).toEqual(['gone']);
    expect(posts).toBe(1);
    expect(eventsOf(room.sent, 'here')).toHaveLength(2);
    expect(room.closed).toEqual([]);
  });

  it('cuts off a watcher that fails, with a code after which clients come back, and serves the others', async () => {
    const room = aRoom([subscriber('bad'), subscriber('here')], (id) =>
      id === 'bad' ? new Error('no answer') : 'sent',
    );

    await fanOutEvents(room.deps, [anEvent()]);

    expect(room.closed).toEqual([['bad', 1011]]);
    expect(room.gone).toEqual(['bad']);
    expect(room.told).toEqual(['bad cut off']);
    expect(eventsOf(room.sent, 'here')).toHaveLength(1);
  });

  it('cuts off a watcher that takes too long for a batch', async () => {
    const room = aRoom([subscriber('slow')], () => 3_000);

    await fanOutEvents(room.deps, [anEvent(), anEvent(), anEvent(), anEvent()]);

    expect(room.sent).toHaveLength(2);
    expect(room.closed).toEqual([['slow', 1011]]);
  });

  it('leaves out a frame that the platform does not carry, and goes on', async () => {
    const outcomes: PostOutcome[] = ['too large', 'sent'];
    const room = aRoom([subscriber('a')], () => outcomes.shift() ?? 'sent');

    await fanOutEvents(room.deps, [anEvent({ event: 'large', occurred: 1 }), anEvent({ event: 'small', occurred: 2 })]);

    expect(eventsOf(room.sent, 'a')).toEqual(['small']);
    expect(room.told).toEqual(['too large for a']);
  });
});
