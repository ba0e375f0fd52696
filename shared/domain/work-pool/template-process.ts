// The base job template of `process` work pools: what Prefect's own process worker understands.
// Slipway never launches such runs; a worker that polls the pool does.
import type { JsonObject } from '../json.ts';
import { commonVariables, flag } from './template-property.ts';

export const processTemplate: JsonObject = {
  job_configuration: {
    command: '{{ command }}',
    env: '{{ env }}',
    labels: '{{ labels }}',
    name: '{{ name }}',
    stream_output: '{{ stream_output }}',
    working_dir: '{{ working_dir }}',
  },
  variables: {
    type: 'object',
    properties: {
      ...commonVariables,
      stream_output: flag(true, {
        title: 'Stream Output',
        description: 'Whether the worker repeats the output of runs on its own standard output.',
      }),
      working_dir: {
        anyOf: [{ type: 'string', format: 'path' }, { type: 'null' }],
        default: null,
        title: 'Working Directory',
        description: 'Folder in which runs are executed; a temporary one unless given.',
      },
    },
  },
};
