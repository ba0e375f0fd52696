import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestBodyBytes } from '../../lambdas/api/request.ts';
import { AppError, errorCodes } from '../../shared/domain/errors.ts';
import { type ApiUnderTest, context, event, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** The api with flows that behave as told. */
function apiWhoseFlows(read: () => Promise<never>) {
  const { catalogue } = api.deps;
  return api.with({ catalogue: { ...catalogue, flows: { ...catalogue.flows, read } } });
}

describe('bodies', () => {
  it('answers 422 in Prefect’s shape to a body that is no JSON', async () => {
    const answer = await api.call('POST', '/api/flows/', { text: '{"name": ' });

    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      exception_message: 'Invalid request received.',
      exception_detail: [{ type: 'json_invalid', loc: ['body'] }],
    });
  });

  it.each(['"text"', '7', 'true', '[]', '[1]', 'null', ''])(
    'answers 422 to the body %j where an object is wanted',
    async (text) => {
      const answer = await api.call('POST', '/api/flows/', { text });

      expect(answer.status).toBe(422);
      expect(answer.body.exception_message).toBe('Invalid request received.');
    },
  );

  it('reads a body that came as base64', async () => {
    const text = Buffer.from(JSON.stringify({ name: 'bäse64' }), 'utf8').toString('base64');

    const answer = await api.call('POST', '/api/flows/', { text, isBase64Encoded: true });

    expect(answer).toMatchObject({ status: 201, body: { name: 'bäse64' } });
  });

  it('answers 413 to a body over the limit and says both sizes', async () => {
    const text = JSON.stringify({ name: 'x'.repeat(largestBodyBytes) });

    const answer = await api.call('POST', '/api/flows/', { text });

    expect(answer.status).toBe(413);
    expect(answer.body.detail).toBe(`the body has ${text.length} bytes, at most ${largestBodyBytes} are taken`);
  });

  it('keeps a key named __proto__ from changing anything but itself', async () => {
    const answer = await api.call('POST', '/api/variables/', {
      text: '{"name":"proto","value":{"__proto__":{"admin":true},"constructor":1}}',
    });

    expect(answer.status).toBe(201);
    expect(JSON.stringify(answer.body.value)).toBe('{"__proto__":{"admin":true},"constructor":1}');
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });
});

describe('the API version', () => {
  it.each(['0.8.0', '0.8.4', '1.0.0', ''])('serves a client that says %j', async (version) => {
    const answer = await api.call('GET', '/api/admin/version', { headers: { 'x-prefect-api-version': version } });

    expect(answer).toMatchObject({ status: 200, body: '3.8.8' });
  });

  it.each(['0.7.9', '0.8', 'abc', '0.8.x', '-1.0.0'])('answers 400 to %j', async (version) => {
    const answer = await api.call('GET', '/api/admin/version', { headers: { 'x-prefect-api-version': version } });

    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(version);
  });
});

describe('failures', () => {
  const path = `/api/flows/${nobody}`;

  it.each([
    ['ThrottlingError', 'throughput exceeded', 503],
    ['ValidationError', 'Item size to update has exceeded the maximum allowed size', 413],
    ['AccessDenied', 'no', 500],
  ])('answers by what cancelled a transaction: %s', async (Code, message, status) => {
    const busy = apiWhoseFlows(async () => {
      const CancellationReasons = [{ Code: 'None' }, { Code }];
      throw Object.assign(new Error(message), { name: 'TransactionCanceledException', CancellationReasons });
    });

    expect((await busy.call('GET', path)).status).toBe(status);
  });

  it.each([
    'ThrottlingException',
    'ProvisionedThroughputExceededException',
    'TransactionConflictException',
    'TimeoutError',
  ])('answers 503 with Retry-After when AWS says %s', async (name) => {
    const busy = apiWhoseFlows(async () => {
      throw Object.assign(new Error('slow down'), { name });
    });

    const answer = await busy.call('GET', path);

    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(JSON.stringify(answer.body)).not.toContain('slow down');
  });

  it('answers 503 when the database cannot be reached', async () => {
    const gone = apiWhoseFlows(async () => {
      throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    });

    const answer = await gone.call('GET', path);

    expect(answer.status).toBe(503);
  });

  it('answers 500 without a word of why to an error nobody expected, and logs it with the request', async () => {
    const broken = apiWhoseFlows(async () => {
      throw new Error('secret detail');
    });
    api.logged.length = 0;

    const answer = await broken.call('GET', path);

    expect(answer).toMatchObject({ status: 500, body: { exception_message: 'Internal Server Error' } });
    expect(api.logged).toMatchObject([
      { level: 'ERROR', message: 'request failed', fields: { path, error: 'Error: secret detail' } },
    ]);
  });

  it.each(errorCodes)('turns the error code %s into an answer below 500 or one that may be repeated', async (code) => {
    const refusing = apiWhoseFlows(async () => {
      throw new AppError(code, `because of ${code}`);
    });

    const answer = await refusing.call('GET', path);

    expect(answer.status >= 400 && (answer.status < 500 || answer.status === 503)).toBe(true);
    expect(answer.status === 429 || answer.status === 503).toBe('retry-after' in answer.headers);
    expect(JSON.stringify(answer.body)).toContain(`because of ${code}`);
  });

  it('answers 503 with Retry-After by itself before the Lambda’s time is over', async () => {
    const { promise: never } = Promise.withResolvers<never>();
    const stuck = apiWhoseFlows(() => never);

    const answer = await stuck.call('GET', path, { remainingMilliseconds: 5_050 });

    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  it('answers 413 instead of more than Lambda can send', async () => {
    const description = 'v'.repeat(390_000);
    for (let at = 0; at < 16; at += 1) {
      await api.call('POST', '/api/work_pools/', { body: { name: `large-${at}`, type: 'process', description } });
    }

    const all = await api.call('POST', '/api/work_pools/filter', { body: {} });
    const some = await api.call('POST', '/api/work_pools/filter', { body: { limit: 4 } });

    expect(all.status).toBe(413);
    expect(all.body.detail).toContain('ask for fewer items');
    expect(some.status).toBe(200);
  });
});

it.each([
  ['a text with half a pair of surrogates', '{"name": "\\ud800"}'],
  ['a name with half a pair of surrogates', '{"name": "x", "labels": {"\\udfff": 1}}'],
])('answers 422 to %s', async (_what, text) => {
  const answer = await api.call('POST', '/api/flows/', { text });

  expect(answer.status).toBe(422);
  expect(answer.body.exception_detail).toMatchObject([{ type: 'json_invalid', loc: ['body'] }]);
});

it('takes a character that JSON writes as a pair of surrogates', async () => {
  const answer = await api.call('POST', '/api/flows/', { text: '{"name": "\\ud83d\\ude00"}' });

  expect(answer.body.name).toBe('😀');
});

describe('authentication', () => {
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const locked = () => api.with({ readAuthString: async () => 'slipway:pässword' });

  it('serves a caller with the auth string', async () => {
    const answer = await locked().call('GET', '/api/admin/version', { headers: basic('slipway:pässword') });

    expect(answer.status).toBe(200);
  });

  it.each([
    ['nothing', {}],
    ['another password', basic('slipway:password')],
    ['a longer one', basic('slipway:pässword1')],
    ['an empty one', { authorization: 'Basic ' }],
    ['another scheme', { authorization: 'Bearer slipway:pässword' }],
    ['no base64', { authorization: 'Basic slipway:pässword' }],
  ])('answers 401 to %s', async (_what, headers) => {
    const answer = await locked().call('GET', '/api/admin/version', { headers });

    expect(answer).toMatchObject({ status: 401, body: { exception_message: 'Unauthorized' } });
  });

  it.each(['/api/health', '/api/ready', '/api/health/'])('lets anybody ask %s', async (path) => {
    const answer = await locked().call('GET', path);

    expect(answer.status).toBe(200);
  });

  it.each([
    ['POST', '/api/health'],
    ['GET', '/api/variables/name/health'],
    ['GET', '/api/flows/name/x/health'],
    ['GET', '/health'],
    ['GET', '/api/no/such/route'],
  ])('answers 401, not 404, to %s %s without it', async (method, path) => {
    const answer = await locked().call(method, path);

    expect(answer.status).toBe(401);
  });

  it('answers 503 when the secret cannot be read, and lets nobody in', async () => {
    const unreadable = api.with({
      readAuthString: async () => {
        throw Object.assign(new Error('no secret'), { name: 'ThrottlingException' });
      },
    });

    const answer = await unreadable.call('GET', '/api/admin/version', { headers: basic('slipway:pässword') });

    expect(answer.status).toBe(503);
  });
});

describe('the exported handler', () => {
  it('is the wrapped one and answers from its environment alone', async () => {
    Object.assign(process.env, {
      SLIPWAY_CONTROL_TABLE: 'slipway-control',
      SLIPWAY_BULK_TABLE: 'slipway-bulk',
      SLIPWAY_BODY_BUCKET: 'slipway-bodies',
      SLIPWAY_SUBMIT_QUEUE_URL: 'http://127.0.0.1:1/submit',
      SLIPWAY_OBSERVE_QUEUE_URL: 'http://127.0.0.1:1/observe',
      SLIPWAY_EVENTS_QUEUE_URL: 'http://127.0.0.1:1/events',
      SLIPWAY_ACT_QUEUE_URL: 'http://127.0.0.1:1/act',
      SLIPWAY_SOCKETS_URL: 'http://127.0.0.1:1/sockets',
      SLIPWAY_SECRET_KEY_FILE: '/dev/null/secret-key',
    });
    const { handler } = await import('../../lambdas/api/entry.ts');

    const answer = await handler(event('GET', '/api/ready'), context(25_000));

    expect(answer).toMatchObject({ statusCode: 200, body: '{"message":"OK"}' });
  });
});
