// Fargate's grid, and what is said of a size outside it when a pool or a deployment is saved.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/domain/json.ts';
import { checkEcsJobVariables } from '../../shared/domain/task/ecs-job-variables.ts';
import {
  checkFargateSize,
  fargateSizes,
  moreMemory,
  nearestSizes,
  readCpu,
  readMemory,
} from '../../shared/domain/task/fargate-size.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';

describe('the grid', () => {
  it.each([
    [256, [512, 1024, 2048]],
    [512, [1024, 2048, 3072, 4096]],
    [1024, [2048, 3072, 4096, 5120, 6144, 7168, 8192]],
    [2048, Array.from({ length: 13 }, (_, index) => 4096 + index * 1024)],
    [4096, Array.from({ length: 23 }, (_, index) => 8192 + index * 1024)],
    [8192, Array.from({ length: 12 }, (_, index) => 16_384 + index * 4096)],
    [16_384, Array.from({ length: 12 }, (_, index) => 32_768 + index * 8192)],
  ])('has for cpu %i exactly the amounts of memory that AWS lists', (cpu, memories) => {
    const listed = fargateSizes.filter((size) => size.cpu === cpu).map(({ memory }) => memory);

    expect(listed).toEqual(memories);
  });

  it('accepts its own sizes and no other', () => {
    const sizes = new Set(fargateSizes.map(({ cpu, memory }) => `${cpu}/${memory}`));
    const amount = fc.oneof(fc.constantFrom(0, 256, 512, 1024, 2048, 4096, 8192, 16_384, 30_720), fc.nat(130_000));

    fc.assert(
      fc.property(amount, amount, (cpu, memory) => {
        expect(checkFargateSize({ cpu, memory }).ok).toBe(sizes.has(`${cpu}/${memory}`));
      }),
    );
    expect(sizes.size).toBe(74);
  });
});

describe('the nearest sizes', () => {
  it('are legal, and the smallest that holds what was asked is among them', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(150_000), (cpu, memory) => {
        const nearest = nearestSizes({ cpu, memory });

        const holding = fargateSizes.filter((size) => size.cpu >= cpu && size.memory >= memory);
        expect(nearest.length).toBeGreaterThan(0);
        expect(nearest.every((size) => fargateSizes.includes(size))).toBe(true);
        if (holding[0] !== undefined) expect(nearest).toContain(holding[0]);
      }),
    );
  });

  it.each([
    [{ cpu: 1024, memory: 1024 }, 'cpu 1024 with memory 2048, cpu 512 with memory 1024'],
    [{ cpu: 1000, memory: 2048 }, 'cpu 1024 with memory 2048, cpu 512 with memory 2048'],
    [{ cpu: 256, memory: 1500 }, 'cpu 256 with memory 1024, cpu 256 with memory 2048'],
    [{ cpu: 1024, memory: 9216 }, 'cpu 1024 with memory 8192, cpu 2048 with memory 9216'],
    [{ cpu: 1, memory: 1 }, 'cpu 256 with memory 512'],
    [{ cpu: 1, memory: 999_999 }, 'cpu 256 with memory 512, cpu 16384 with memory 122880'],
  ])('of %j are named in the problem', (size, nearest) => {
    const problem = `fargate has no size of cpu ${size.cpu} with memory ${size.memory}: nearest are ${nearest}`;

    expect(checkFargateSize(size)).toEqual({ ok: false, problem });
  });
});

describe('amounts', () => {
  it.each([
    [1024, 1024, 1024],
    ['1024', 1024, 1024],
    ['1 vCPU', 1024, undefined],
    ['.25 vcpu', 256, undefined],
    ['2 GB', undefined, 2048],
    ['0.5GB', undefined, 512],
    ['much', undefined, undefined],
    [null, undefined, undefined],
  ])('%j is read as cpu %s and memory %s', (value, cpu, memory) => {
    expect([readCpu(value), readMemory(value)]).toEqual([cpu, memory]);
  });
});

describe('a pool or deployment that is saved', () => {
  const small = 'fargate has no size of cpu 1024 with memory 512';

  it.each<[JsonObject, string | undefined]>([
    [{}, undefined],
    [{ cpu: 512, memory: 1024 }, undefined],
    [{ memory: 512 }, small],
    [{ memory: 512, launch_type: 'FARGATE_SPOT' }, small],
    [{ memory: 512, launch_type: null }, small],
    [{ memory: 512, launch_type: 'EC2' }, undefined],
    [{ memory: 512, launch_type: null, capacity_provider_strategy: [{ capacityProvider: 'own' }] }, undefined],
    [{ memory: 512, launch_type: null, capacity_provider_strategy: [{ capacityProvider: 'FARGATE_SPOT' }] }, small],
    [{ cpu: 1024, memory: 512, task_definition_arn: 'own' }, small],
    [{ memory: 512, task_definition_arn: 'own' }, undefined],
    [{ memory: '{{ prefect.variables.memory }}' }, undefined],
    [{ cpu: 'all' }, 'cpu must be CPU units such as 1024 or "1 vCPU", got "all"'],
    [{ memory: [1] }, 'memory must be MiB such as 2048 or "2 GB", got [1]'],
    [{ 'cpu.a': 1, 'cpu.a.b': 1 }, 'the job variable a is set as a number and by a dotted key below it'],
  ])('with %j is judged by its size on Fargate', (jobVariables, problem) => {
    const found = checkEcsJobVariables(ecsPushTemplate, jobVariables);

    if (problem === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.objectContaining({ problem: expect.stringContaining(problem) })]);
  });

  it('is judged by what its template makes of its variables, whatever their names', () => {
    const template = {
      job_configuration: { task_definition: { cpu: '{{ size }}', memory: '4096' }, task_run_request: {} },
      variables: { properties: { size: { default: 256 } } },
    };

    expect(checkEcsJobVariables(template, {})).toHaveLength(1);
    expect(checkEcsJobVariables(template, { size: '512' })).toEqual([]);
    expect(checkEcsJobVariables({}, {})).toEqual([]);
  });
});

describe('the next size with more memory', () => {
  it.each([
    [256, 512, { cpu: 256, memory: 1024 }],
    [256, 2048, { cpu: 512, memory: 3072 }],
    [4096, 30_720, { cpu: 8192, memory: 32_768 }],
    [16_384, 122_880, undefined],
  ])('than cpu %i with memory %i', (cpu, memory, next) => {
    expect(moreMemory({ cpu, memory })).toEqual(next);
  });

  it('is legal, larger, and nothing legal lies between with the same cpu', () => {
    const followed = fargateSizes.flatMap((size) => {
      const next = moreMemory(size);
      return next === undefined ? [] : [{ size, next }];
    });

    expect(fargateSizes.length - followed.length).toBe(1);
    for (const { size, next } of followed) {
      expect(checkFargateSize(next).ok).toBe(true);
      expect(next.memory).toBeGreaterThan(size.memory);
      expect(next.cpu).toBeGreaterThanOrEqual(size.cpu);
      const between = fargateSizes.filter(
        ({ cpu, memory }) => cpu === size.cpu && memory > size.memory && memory < next.memory,
      );
      expect(between).toEqual([]);
    }
  });
});
