// The parts of the test suite, in the order they run: one table for the runner, the vitest projects and the checks.
// Every test file lies in a folder named here, or the runner refuses to start.

export type TestPart = {
  readonly name: string;
  /** Folders under `test/`. */
  readonly folders: readonly string[];
  /** What the part may take on two cores; more is marked in the table. */
  readonly budgetSeconds: number;
  readonly testTimeoutSeconds: number;
  /** Hooks may have to install a Python environment first, so parts with one get longer. */
  readonly hookTimeoutSeconds: number;
  /** False where one file alone keeps the machine busy. */
  readonly hasParallelFiles: boolean;
  /** How many files run at once. @default as vitest has it: a core stays free, which is half of two */
  readonly filesAtOnce?: number;
};

const quick = { testTimeoutSeconds: 20, hookTimeoutSeconds: 60, hasParallelFiles: true } as const;
const withPython = { testTimeoutSeconds: 180, hookTimeoutSeconds: 600, hasParallelFiles: true } as const;

export const testParts: readonly TestPart[] = [
  { ...quick, name: 'unit', folders: ['unit', 'stores'], budgetSeconds: 120, filesAtOnce: 2 },
  { ...quick, name: 'api', folders: ['api'], budgetSeconds: 180, testTimeoutSeconds: 30 },
  { ...withPython, name: 'prefect', folders: ['prefect'], budgetSeconds: 720, filesAtOnce: 2 },
  { ...withPython, name: 'differential', folders: ['differential'], budgetSeconds: 180, filesAtOnce: 2 },
  { ...withPython, name: 'fuzz', folders: ['fuzz'], budgetSeconds: 180 },
  { ...quick, name: 'faults', folders: ['faults'], budgetSeconds: 180, testTimeoutSeconds: 150, filesAtOnce: 2 },
  { ...withPython, name: 'stack', folders: ['stack'], budgetSeconds: 480, hasParallelFiles: false },
  { ...withPython, name: 'cdk', folders: ['cdk'], budgetSeconds: 240, hasParallelFiles: false },
  { ...quick, name: 'browser', folders: ['browser'], budgetSeconds: 240, testTimeoutSeconds: 60 },
];

/** The part that runs a test file, given its path from the root of the repository with forward slashes. */
export function partOfTestFile(file: string): TestPart | undefined {
  return testParts.find((part) => part.folders.some((folder) => file.startsWith(`test/${folder}/`)));
}
