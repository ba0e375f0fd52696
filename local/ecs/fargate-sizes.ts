// The sizes that Fargate runs, as RegisterTaskDefinition and RunTask enforce them.
// Rule: this is AWS's side of the wire, kept apart from our own check so that one can prove the other.
// Source: "Amazon ECS task definition parameters for Fargate", task size.

const gib = 1024;

/** By CPU units: the memory in MiB that goes with them. */
const memoryOf: Readonly<Record<string, readonly number[]>> = {
  256: [512, gib, 2 * gib],
  512: steps({ from: 1, to: 4, by: 1 }),
  1024: steps({ from: 2, to: 8, by: 1 }),
  2048: steps({ from: 4, to: 16, by: 1 }),
  4096: steps({ from: 8, to: 30, by: 1 }),
  8192: steps({ from: 16, to: 60, by: 4 }),
  16384: steps({ from: 32, to: 120, by: 8 }),
};

function steps({ from, to, by }: { from: number; to: number; by: number }): number[] {
  const count = Math.floor((to - from) / by) + 1;
  return Array.from({ length: count }, (_, index) => (from + index * by) * gib);
}

export function isFargateSize(cpu: string, memory: string): boolean {
  return memoryOf[cpu]?.includes(Number(memory)) ?? false;
}

/** `1 vCPU` → `1024`, `.5 vcpu` → `512`, `256` stays. */
export function cpuUnits(cpu: string): string {
  const match = /^\s*(?<count>[\d.]+)\s*vcpu\s*$/i.exec(cpu);
  return match === null ? cpu.trim() : String(Math.round(Number(match.groups?.['count']) * 1024));
}

/** `2 GB` → `2048`, `512` stays. */
export function memoryMebibytes(memory: string): string {
  const match = /^\s*(?<count>[\d.]+)\s*gb\s*$/i.exec(memory);
  return match === null ? memory.trim() : String(Math.round(Number(match.groups?.['count']) * gib));
}
