// The sizes that Fargate offers: for each amount of CPU certain amounts of memory.
// Source: docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html (Linux).

/** CPU in units (1024 = one vCPU), memory in MiB. */
export type FargateSize = { readonly cpu: number; readonly memory: number };

export type SizeCheck = { readonly ok: true } | { readonly ok: false; readonly problem: string };

type Range = { readonly cpu: number; readonly from: number; readonly to: number; readonly step: number };

const ranges: readonly Range[] = [
  { cpu: 256, from: 512, to: 512, step: 512 },
  { cpu: 256, from: 1024, to: 2048, step: 1024 },
  { cpu: 512, from: 1024, to: 4096, step: 1024 },
  { cpu: 1024, from: 2048, to: 8192, step: 1024 },
  { cpu: 2048, from: 4096, to: 16_384, step: 1024 },
  { cpu: 4096, from: 8192, to: 30_720, step: 1024 },
  { cpu: 8192, from: 16_384, to: 61_440, step: 4096 },
  { cpu: 16_384, from: 32_768, to: 122_880, step: 8192 },
];

/** Every legal size, by CPU and then memory. */
export const fargateSizes: readonly FargateSize[] = ranges.flatMap(({ cpu, from, to, step }) =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => ({ cpu, memory: from + index * step })),
);

/** Whether Fargate offers the size; if not, which sizes are nearest. */
export function checkFargateSize(size: FargateSize): SizeCheck {
  if (fargateSizes.some(({ cpu, memory }) => cpu === size.cpu && memory === size.memory)) return { ok: true };
  const names = nearestSizes(size).map(({ cpu, memory }) => `cpu ${cpu} with memory ${memory}`);
  const problem = `fargate has no size of cpu ${size.cpu} with memory ${size.memory}: nearest are ${names.join(', ')}`;
  return { ok: false, problem };
}

/**
 * The legal sizes nearest to one that is not: with the same CPU the memory below and above, the smallest that holds
 * both, the largest within both. At least one, each once.
 */
export function nearestSizes({ cpu, memory }: FargateSize): readonly FargateSize[] {
  const sameCpu = fargateSizes.filter((size) => size.cpu === cpu);
  const candidates = [
    sameCpu.findLast((size) => size.memory < memory),
    sameCpu.find((size) => size.memory > memory),
    fargateSizes.find((size) => size.cpu >= cpu && size.memory >= memory),
    fargateSizes.findLast((size) => size.cpu <= cpu && size.memory <= memory),
  ].filter((size) => size !== undefined);
  const found = new Set(candidates);
  if (found.size === 0) return fargateSizes.filter((_, index) => index === 0 || index === fargateSizes.length - 1);
  return [...found];
}

/** The smallest legal size with more memory: with the same CPU where there is one; undefined above the largest. */
export function moreMemory({ cpu, memory }: FargateSize): FargateSize | undefined {
  const larger = fargateSizes.filter((size) => size.cpu >= cpu && size.memory > memory);
  return larger.find((size) => size.cpu === cpu) ?? larger[0];
}

/** CPU units from `1024`, `"1024"`, `"1 vCPU"`; undefined when it is none of these. */
export function readCpu(value: unknown): number | undefined {
  return readAmount(value, /^vcpus?$/i);
}

/** MiB from `2048`, `"2048"`, `"2 GB"`; undefined when it is none of these. */
export function readMemory(value: unknown): number | undefined {
  return readAmount(value, /^gb$/i);
}

function readAmount(value: unknown, unit: RegExp): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const [, digits = '', suffix = ''] = /^\s*(\d*\.?\d+)\s*([a-z]*)\s*$/i.exec(value) ?? [];
  if (digits === '') return undefined;
  if (suffix === '') return Number(digits);
  return unit.test(suffix) ? Number(digits) * 1024 : undefined;
}
