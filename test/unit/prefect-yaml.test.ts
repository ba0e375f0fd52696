// The reader of prefect.yaml: what Prefect's own files mean, and errors that say where to look.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PrefectYamlError, readPrefectYaml } from '../../cli/prefect-yaml.ts';

const read = (text: string, environment: Record<string, string> = {}) =>
  readPrefectYaml({ text, file: 'prefect.yaml', environment });

const readFile = (path: string) => read(readFileSync(new URL(path, import.meta.url), 'utf8'));

describe('the deployments', () => {
  it('are those of the flows project, with the flow named after its function', () => {
    const deployments = readFile('../../examples/flows-project/prefect.yaml');

    expect(deployments).toEqual([
      {
        name: 'my-flow',
        flowName: 'my-flow',
        entrypoint: 'flows/my_flow.py:my_flow',
        tags: [],
        parameters: {},
        schedules: [],
        workPool: { name: 'development', jobVariables: {} },
      },
      {
        name: 'heavy-etl',
        flowName: 'heavy-etl-flow',
        entrypoint: 'flows/heavy_etl.py:heavy_etl_flow',
        tags: [],
        parameters: {},
        schedules: [],
        workPool: { name: 'production', jobVariables: { cpu: 1024, memory: 2048 } },
      },
    ]);
  });

  it('may be plain containers with a flow name and no entrypoint', () => {
    const [hello] = readFile('../../examples/prefect.yaml');

    expect(hello).toMatchObject({
      name: 'hello',
      flowName: 'hello',
      workPool: { name: 'production', jobVariables: { command: 'node hello.mjs' } },
    });
    expect(hello).not.toHaveProperty('entrypoint');
  });

  it('carry everything that a deployment may say', () => {
    const [deployment] = read(`
deployments:
  - name: full
    entrypoint: a.py:main_flow
    flow_name: other
    description: words
    version: "1.0"
    tags: one
    parameters: { day: 2024-05-01, deep: { list: [1, yes, null] } }
    paused: yes
    concurrency_limit: 3
    enforce_parameter_schema: false
    schedule: { cron: "0 9 * * *", timezone: Europe/Zurich }
    schedules:
      - interval: 600
        active: false
    work_pool: { name: p, work_queue_name: q, job_variables: { env: { A: "1" } } }
    pull:
      - prefect.deployments.steps.git_clone: { repository: "{{ some_step.output }}" }
`);

    expect(deployment).toEqual({
      name: 'full',
      flowName: 'other',
      entrypoint: 'a.py:main_flow',
      description: 'words',
      version: '1.0',
      tags: ['one'],
      parameters: { day: '2024-05-01T00:00:00.000Z', deep: { list: [1, true, null] } },
      paused: true,
      concurrencyLimit: 3,
      enforceParameterSchema: false,
      schedules: [
        { interval: 600, active: false },
        { cron: '0 9 * * *', timezone: 'Europe/Zurich' },
      ],
      workPool: { name: 'p', queueName: 'q', jobVariables: { env: { A: '1' } } },
    });
  });

  it('may share definitions by anchors and merges', () => {
    const deployments = read(`
definitions:
  work_pools:
    big: &big
      name: production
      job_variables: &sizes { cpu: 1024, memory: 2048 }
  tags: &tags [nightly]
deployments:
  - { name: a, entrypoint: "f.py:f", work_pool: *big, tags: *tags }
  - name: b
    entrypoint: f.py:f
    work_pool:
      <<: *big
      job_variables: { <<: *sizes, memory: 4096 }
`);

    expect(deployments.map((deployment) => deployment.workPool)).toEqual([
      { name: 'production', jobVariables: { cpu: 1024, memory: 2048 } },
      { name: 'production', jobVariables: { cpu: 1024, memory: 4096 } },
    ]);
    expect(deployments[0]?.tags).toEqual(['nightly']);
  });
});

describe('templates', () => {
  const withImage = (image: string) => `
deployments:
  - name: a
    flow_name: f
    work_pool: { name: p, job_variables: { image: "${image}" } }
`;

  it('take environment variables', () => {
    const [deployment] = read(withImage('repo:{{ $TAG }}-{{$ARCH}}'), { TAG: '1', ARCH: 'arm' });

    expect(deployment?.workPool?.jobVariables).toEqual({ image: 'repo:1-arm' });
  });

  it.each(['{{ prefect.variables.image }}', '{{ prefect.blocks.secret.x }}', '{{ ctx.flow.name }}'])(
    'leave %s to the launch of a run',
    (placeholder) => {
      const [deployment] = read(withImage(placeholder));

      expect(deployment?.workPool?.jobVariables).toEqual({ image: placeholder });
    },
  );

  it.each([
    ['{{ $TAG }}', 'environment variable TAG is not set'],
    ['{{ build.image }}', '{{ build.image }} is not known: no step is executed here'],
  ])('refuse %s with its place', (placeholder, problem) => {
    const readIt = () => read(withImage(placeholder));

    expect(readIt).toThrow(
      new PrefectYamlError(`prefect.yaml:5: deployments[0].work_pool.job_variables.image: ${problem}`),
    );
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['no YAML', 'deployments:\n  - name: "open\n', /^prefect\.yaml:[23]: \S/],
    ['two keys of one name', 'deployments: []\ndeployments: []\n', /^prefect\.yaml:[12]: map keys must be unique/],
    ['no deployments', 'name: x\n', /^prefect\.yaml:1: deployments: expected array, received undefined$/],
    ['nothing', '', /^prefect\.yaml:1: deployments: expected array, received undefined$/],
    ['a list at the top', '- a\n', /^prefect\.yaml:1: .*expected object, received array$/],
    [
      'a deployment without a name',
      'deployments:\n  - name: a\n    flow_name: f\n  - entrypoint: f.py:f\n',
      /^prefect\.yaml:4: deployments\[1\]\.name: expected string, received undefined$/,
    ],
    [
      'a version that is a number',
      'deployments:\n  - name: a\n    flow_name: f\n    version: 1.0\n',
      /^prefect\.yaml:4: deployments\[0\]\.version: expected string, received number$/,
    ],
    [
      'no flow',
      'deployments:\n  - name: a\n    entrypoint: flows/a.py\n',
      /^prefect\.yaml:2: deployments\[0\]: deployment a has neither flow_name nor an entrypoint FILE:FUNCTION$/,
    ],
    [
      'one deployment twice',
      'deployments:\n  - { name: a, flow_name: f }\n  - { name: a, flow_name: f }\n',
      /^prefect\.yaml:3: deployments\[1\]: deployment f\/a stands here a second time$/,
    ],
  ])('says where it holds %s', (_what, text, message) => {
    const readIt = () => read(text);

    expect(readIt).toThrow(PrefectYamlError);
    expect(readIt).toThrow(message);
  });
});
