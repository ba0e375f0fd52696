// What may target the trigger queue, and the key that makes its second delivery harmless.
import { describe, expect, it } from 'vitest';
import { triggerMessage, triggerRequest } from '../../lambdas/trigger/message.ts';

const request = (body: object, messageId = 'm-1') => triggerRequest(triggerMessage.parse(body), messageId);

describe('the default idempotency key', () => {
  it('is the id of the EventBridge event', () => {
    const body = { id: 'e-1', 'detail-type': 'Slipway Run Requested', detail: { deployment: 'etl/nightly' } };

    expect(request(body)).toEqual({ deploymentName: 'etl/nightly', idempotencyKey: 'event/e-1/etl/nightly' });
  });

  it('is the ARN of the schedule and its scheduled time', () => {
    const body = { deployment: 'etl/nightly', schedule_arn: 'arn:s', scheduled_time: '2026-01-05T08:00:00Z' };

    expect(request(body).idempotencyKey).toBe('schedule/arn:s/2026-01-05T08:00:00Z/etl/nightly');
  });

  it('is bucket, key and sequencer of an S3 object', () => {
    const event = { id: 'e-2', detail: { bucket: { name: 'b' }, object: { key: 'in/a.csv', sequencer: '0061' } } };

    expect(request({ deployment: 'etl/nightly', event }).idempotencyKey).toBe('s3/b/in/a.csv/0061/etl/nightly');
  });

  it('is the id of the message when its source has none', () => {
    expect(request({ deployment: 'etl/nightly' }).idempotencyKey).toBe('message/m-1/etl/nightly');
  });

  it('gives way to the key that the request brings', () => {
    const detail = { deployment: 'etl/nightly', idempotency_key: 'mine', parameters: { day: 1 } };

    expect(request({ id: 'e-1', 'detail-type': 'Slipway Run Requested', detail })).toEqual({
      deploymentName: 'etl/nightly',
      parameters: { day: 1 },
      idempotencyKey: 'mine',
    });
  });

  it('lets one event start a run of each of a flow’s deployments', () => {
    const event = { id: 'e-1' };
    const [one, other] = ['etl/nightly', 'etl/hourly'].map((deployment) => request({ deployment, event }));

    expect(one?.idempotencyKey).not.toBe(other?.idempotencyKey);
  });
});

describe('a message', () => {
  it('without a deployment is refused', () => {
    expect(triggerMessage.safeParse({ parameters: {} }).success).toBe(false);
  });

  it('may name a deployment by its id', () => {
    const deployment = '04288260-4b35-8e92-b061-fb0509c64b00';

    expect(request({ deployment }).deploymentId).toBe(deployment);
  });
});
