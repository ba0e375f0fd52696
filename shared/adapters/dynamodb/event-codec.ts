// Events as bytes: what is not in the key is deflated against a dictionary of what events have in common, so that an
// ordinary one is a single write unit. A dictionary, once used, is never changed.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { PrefectEvent } from '../../domain/event/event.ts';

/** The most frequent last, as deflate wants it. The number is the first byte of what is packed. */
const dictionaries: ReadonlyMap<number, Buffer> = new Map([
  [
    1,
    Buffer.from(
      [
        '"prefect.log.write","prefect.worker.submitted-flow-run","prefect.worker.executed-flow-run","prefect.block.',
        '"prefect.asset.materialization.succeeded","prefect.deployment.ready","prefect.deployment.not-ready"',
        '"prefect.work-pool.not-ready","prefect.work-pool.ready","prefect.work-queue.not-ready","prefect.work-queue.ready"',
        '"prefect.flow-run.heartbeat","prefect.flow-run.Late","prefect.flow-run.AwaitingRetry","prefect.flow-run.Cancelled"',
        '"task_inputs":{},"task_key":"","dynamic_key":"","empirical_policy":{"max_retries":0,"retry_delay_seconds":0.0',
        '"retries":0,"retry_delay":0,"retry_jitter_factor":null},"run_count":1,"flow_run_run_count":1,"tags":[],"labels":{',
        '"expected_start_time":"2026-","start_time":"2026-","end_time":"2026-","total_run_time":0.0,"estimated_run_time":0.0',
        '"task_run":{"cache_key":null,"cache_expiration":null,"created":"2026-","updated":"2026-","name":"',
        '"state_details":{"flow_run_id":null,"task_run_id":null,"child_flow_run_id":null,"scheduled_time":null,',
        '"cache_key":null,"cache_expiration":null,"untrackable_result":false,"pause_timeout":null,"pause_reschedule":false,',
        '"pause_key":null,"run_input_keyset":null,"refresh_cache":null,"retriable":null,"transition_id":null,',
        '"task_parameters_id":null,"traceparent":null,"deployment_concurrency_lease_id":null},"data":null',
        '"prefect.state-message":"","prefect.state-name":"Running","prefect.state-timestamp":"2026-',
        '"prefect.state-type":"RUNNING","prefect.orchestration":"client","prefect.run-count":"1"',
        '"prefect.resource.role":"tag"},{"prefect.resource.id":"prefect.tag.',
        '"prefect.resource.role":"worker","prefect.worker-type":"process","prefect.version":"3.8.8"',
        '{"prefect.resource.id":"prefect.work-queue.","prefect.resource.role":"work-queue","prefect.resource.name":"default"}',
        '{"prefect.resource.id":"prefect.work-pool.","prefect.resource.role":"work-pool","prefect.resource.name":"',
        '"prefect.work-pool.type":"ecs:push"}',
        '{"prefect.resource.id":"prefect.deployment.","prefect.resource.role":"deployment","prefect.resource.name":"',
        '{"prefect.resource.id":"prefect.flow.","prefect.resource.role":"flow","prefect.resource.name":"',
        '{"prefect.resource.id":"prefect.flow-run.","prefect.resource.role":"flow-run","prefect.resource.name":"',
        '"resource":{"prefect.resource.id":"prefect.task-run.","prefect.resource.name":"","related":[',
        '"payload":{"intended":{"from":"PENDING","to":"RUNNING"},"initial_state":{"type":"SCHEDULED","name":"Scheduled"',
        ',"validated_state":{"type":"FAILED","name":"Failed","message":"{"type":"CANCELLED","name":"Cancelled"',
        '{"type":"PENDING","name":"Pending","message":""},"validated_state":{"type":"RUNNING","name":"Running","message":""',
        '"initial_state":{"type":"RUNNING","name":"Running","message":""},"validated_state":{"type":"COMPLETED","name":"Completed","message":""}',
        '"received":17,"follows":"","event":"prefect.task-run.Running","event":"prefect.flow-run.Running"',
      ].join(''),
    ),
  ],
]);
const current = 1;

/** The id is in the key already. */
type Rest = Omit<PrefectEvent, 'id'>;

export function packEvent({ id: _id, ...rest }: PrefectEvent): Uint8Array {
  const bytes = deflateRawSync(JSON.stringify(rest satisfies Rest), { dictionary: dictionaryOf(current) });
  return Buffer.concat([Buffer.from([current]), bytes]);
}

/** @throws Error when a later release wrote it */
export function unpackEvent(bytes: Uint8Array, id: string): PrefectEvent {
  const text = inflateRawSync(bytes.subarray(1), { dictionary: dictionaryOf(bytes[0] ?? 0) }).toString();
  const rest = JSON.parse(text) as Rest;
  return { id, ...rest };
}

function dictionaryOf(number: number): Buffer {
  const dictionary = dictionaries.get(number);
  if (dictionary === undefined)
    throw new Error(`an event is packed with dictionary ${number}, known are up to ${current}`);
  return dictionary;
}
