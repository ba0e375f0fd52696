import { describe, expect, it } from 'vitest';
import { type EventFilter, matchesEvent } from '../../shared/domain/event/event-filter.ts';
import { anEvent, related } from '../support/event-builders.ts';

const at = (text: string) => Date.parse(`2026-11-23T${text}Z`);

const event = anEvent({
  id: '0196e0a5-0000-7000-8000-000000000001',
  occurred: at('11:00:00'),
  event: 'prefect.flow-run.Completed',
  resource: { 'prefect.resource.id': 'prefect.flow-run.r1', 'prefect.resource.name': 'tall-owl', kind: 'etl' },
  related: [
    related('flow', 'prefect.flow.f1', { 'prefect.resource.name': 'load', team: 'data' }),
    related('tag', 'prefect.tag.nightly'),
    related('deployment', 'prefect.deployment.d1', { team: 'ops' }),
  ],
  payload: { intended: { from: 'RUNNING', to: 'COMPLETED' }, note: 'All 100% done' },
});

const matching: readonly [why: string, filter: EventFilter][] = [
  ['nothing asked', {}],
  ['the very instant at both ends', { occurred: { since: at('11:00:00'), until: at('11:00:00') } }],
  ['its name', { event: { name: ['x', 'prefect.flow-run.Completed'] } }],
  ['a prefix of its name', { event: { prefix: ['prefect.flow-run.'] } }],
  ['other names excluded', { event: { exclude_name: ['x'], exclude_prefix: ['prefect.task-run.'] } }],
  ['empty lists, which ask for nothing', { event: { name: [], prefix: [] }, id: { id: [] }, resource: { id: [] } }],
  ['its id among others', { id: { id: ['0196e0a5-0000-7000-8000-000000000001', 'x'] } }],
  ['its resource', { resource: { id: ['prefect.flow-run.r1'] } }],
  ['a prefix of its resource', { resource: { id_prefix: ['prefect.task-run.', 'prefect.flow-run.'] } }],
  ['a label by pattern', { resource: { labels: { 'prefect.resource.name': 'tall-*', kind: ['x', 'e?l'] } } }],
  ['a label by what it is not', { resource: { labels: { kind: '!report*' } } }],
  ['its resource id as a label', { resource: { labels: { 'prefect.resource.id': 'prefect.flow-run.*' } } }],
  ['an empty list for the id label', { resource: { labels: { 'prefect.resource.id': [], kind: 'etl' } } }],
  ['a related id', { related: { id: ['prefect.flow.f1'] } }],
  ['a related role', { related: { role: ['tag'] } }],
  ['id and role of one resource', { related: { id: ['prefect.flow.f1'], role: ['flow'] } }],
  ['a pair of id and role', { related: { resources_in_roles: [['prefect.deployment.d1', 'deployment']] } }],
  ['labels and role of one resource', { related: { role: ['flow'], labels: { team: 'da*' } } }],
  ['the role as a label', { related: { labels: { 'prefect.resource.role': 'deployment', team: 'ops' } } }],
  ['two related resources by a list', { related: [{ role: ['tag'] }, { labels: { team: 'ops' } }] }],
  ['a related filter without conditions', { related: {} }],
  ['any resource: the primary', { any_resource: { id: ['prefect.flow-run.r1'] } }],
  ['any resource: a related one', { any_resource: { id_prefix: ['prefect.tag.'] } }],
  ['any resource: a list, all of it', { any_resource: [{ id: ['prefect.flow.f1'] }, { labels: { kind: 'etl' } }] }],
  ['a word of the payload, in any case', { text: { query: 'INTENDED' } }],
  ['a word of a related label', { text: { query: 'nightly' } }],
  ['one of two words', { text: { query: 'absent tall-owl' } }],
  ['a phrase, and no other', { text: { query: '"100% done" -failed' } }],
  ['a blank text', { text: { query: '  ' } }],
  ['signs that stand alone', { text: { query: '- + !' } }],
];

const differing: readonly [why: string, filter: EventFilter][] = [
  ['before it happened', { occurred: { until: at('10:59:59') } }],
  ['after it happened', { occurred: { since: at('11:00:01') } }],
  ['a name that only begins so', { event: { name: ['prefect.flow-run.Comp'] } }],
  ['a prefix in another case', { event: { prefix: ['Prefect.'] } }],
  ['its name excluded', { event: { exclude_name: ['prefect.flow-run.Completed'] } }],
  ['its prefix excluded', { event: { exclude_prefix: ['prefect.flow-run.'] } }],
  ['another id', { id: { id: ['0196e0a5-0000-7000-8000-000000000002'] } }],
  ['another resource', { resource: { id: ['prefect.flow-run.r2'] } }],
  ['a related resource asked as its own', { resource: { id: ['prefect.flow.f1'] } }],
  ['a label that it has not', { resource: { labels: { colour: '*' } } }],
  ['the negation of a label that it has not', { resource: { labels: { colour: '!red' } } }],
  ['a label without values', { resource: { labels: { kind: [] } } }],
  ['one label of two', { resource: { labels: { kind: 'etl', 'prefect.resource.name': 'small-*' } } }],
  ['its own resource asked as a related one', { related: { id: ['prefect.flow-run.r1'] } }],
  ['id and role of two resources', { related: { id: ['prefect.flow.f1'], role: ['tag'] } }],
  ['labels and role of two resources', { related: { role: ['flow'], labels: { team: 'ops' } } }],
  ['a pair that is none', { related: { resources_in_roles: [['prefect.flow.f1', 'deployment']] } }],
  ['one of two related filters', { related: [{ role: ['tag'] }, { role: ['worker'] }] }],
  ['any resource: id and label of two', { any_resource: { id: ['prefect.flow.f1'], labels: { kind: 'etl' } } }],
  ['an excluded word', { text: { query: 'tall-owl -nightly' } }],
  ['a required word that is not there', { text: { query: 'tall-owl +absent' } }],
];

describe('an event', () => {
  it.each(matching)('is meant by %s', (_why, filter) => {
    expect(matchesEvent(filter, event)).toBe(true);
  });

  it.each(differing)('is not meant by %s', (_why, filter) => {
    expect(matchesEvent(filter, event)).toBe(false);
  });

  it('must meet every condition of a filter', () => {
    const filter: EventFilter = { event: { prefix: ['prefect.'] }, resource: { id: ['prefect.flow-run.r1'] } };

    expect(matchesEvent(filter, event)).toBe(true);
    expect(matchesEvent({ ...filter, related: { role: ['worker'] } }, event)).toBe(false);
    expect(matchesEvent({ ...filter, event: { prefix: ['shop.'] } }, event)).toBe(false);
  });

  it('has the empty role as the resource that it is about, whatever its labels say', () => {
    const queue = anEvent({ resource: { 'prefect.resource.id': 'q', 'prefect.resource.role': 'work-queue' } });

    expect(matchesEvent({ related: { role: ['work-queue'] } }, queue)).toBe(false);
    expect(matchesEvent({ any_resource: { labels: { 'prefect.resource.role': 'work-queue' } } }, queue)).toBe(false);
    expect(matchesEvent({ resource: { labels: { 'prefect.resource.role': 'work-queue' } } }, queue)).toBe(false);
    expect(matchesEvent({ related: { role: [''] } }, queue)).toBe(true);
  });
});
