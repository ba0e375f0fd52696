// States of flow runs, their pauses and inputs.
import type { Json } from '../../../shared/domain/json.ts';
import { future, get, type Move, post, remove, someOf, type Theme } from './scene.ts';
import { deleteRun, goOn, makeFlow, makeRun, ofRun, setState } from './themes-runs.ts';

const pause: Move = (scene) => {
  const run = scene.ref('run');
  const { dice } = scene;
  const state_details = {
    pause_timeout: dice.one<string>(future),
    pause_key: dice.one(['one', 'two', 'three']),
    pause_reschedule: dice.once(2),
    ...someOf(dice, { run_input_keyset: { schema: 'paused-1-schema', response: 'paused-1-response' } }),
  };
  return run === undefined
    ? undefined
    : post(`/flow_runs/${run}/set_state`, {
        state: { type: 'PAUSED', name: dice.one(['Paused', 'Suspended']), state_details },
      });
};

const resume: Move = (scene) => {
  const run = scene.ref('run');
  if (run === undefined) return undefined;
  return post(
    `/flow_runs/${run}/resume`,
    scene.dice.once(2) ? {} : { run_input: { x: scene.dice.one<Json>(['text', 4]) } },
  );
};

const inputs: readonly Move[] = [
  ofRun((run, { dice }) =>
    post(`/flow_runs/${run}/input`, {
      key: dice.one(['paused-1-schema', 'paused-1-response', 'other']),
      value: '{"type":"object","properties":{"x":{"type":"string"}}}',
      ...someOf(dice, { sender: 'me' }),
    }),
  ),
  ofRun((run, { dice }) =>
    get(`/flow_runs/${run}/input/${dice.one(['paused-1-schema', 'paused-1-response', 'other'])}`),
  ),
  ofRun((run, { dice }) => ({
    ...post(`/flow_runs/${run}/input/filter`, {
      prefix: dice.one(['paused', 'oth']),
      limit: 5,
      exclude_keys: dice.some(['other']),
    }),
    isUnordered: true as const,
  })),
  ofRun((run, { dice }) =>
    dice.once(2) ? remove(`/flow_runs/${run}/input/${dice.one(['paused-1-response', 'other'])}`) : undefined,
  ),
];

export const flowRunStates: Theme = {
  name: 'flow run states',
  begin: [makeFlow, makeRun],
  moves: [
    setState,
    setState,
    setState,
    setState,
    setState,
    goOn,
    goOn,
    goOn,
    goOn,
    pause,
    pause,
    resume,
    resume,
    makeRun,
    ...inputs,
    ofRun((run) => get(`/flow_run_states/?flow_run_id=${run}`)),
    // A state by its id is found through its event, which comes by the stream: other tests ask for it.
    () => get('/flow_run_states/bad-id'),
    ofRun((run) => get(`/flow_runs/${run}`)),
    deleteRun,
  ],
};
