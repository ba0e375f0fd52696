// Works out what a container runs here: its command, its environment, where it starts, or why it cannot start.
// Rule: of the operator's environment a container sees PATH, HOME, TMPDIR and LANG, and nothing else.

import { accessSync, constants, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import type { ContainerLaunch } from './records.ts';

export type LaunchDeps = {
  /** Folders that come first on PATH. */
  readonly searchPath: readonly string[];
  /** The operator's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly secret: (arn: string) => Promise<string | undefined>;
};

export type LaunchPlan =
  | {
      readonly kind: 'ready';
      readonly command: readonly string[];
      readonly environment: ReadonlyMap<string, string>;
      readonly workingDirectory: string;
    }
  | { readonly kind: 'impossible'; readonly reason: string };

/** @param workFolder where a container starts that names no directory. */
export async function planLaunch(deps: LaunchDeps, launch: ContainerLaunch, workFolder: string): Promise<LaunchPlan> {
  const secrets = await resolveSecrets(deps, launch);
  if (secrets.kind === 'missing') return impossible(secrets.reason);
  const environment = containerEnvironment(deps, launch, secrets.values);
  const workingDirectory = launch.workingDirectory ?? workFolder;
  const command = [...launch.entryPoint, ...launch.command];
  const problem =
    commandProblem(command) ??
    directoryProblem(workingDirectory) ??
    programProblem(command[0] ?? '', { searchPath: environment.get('PATH') ?? '', workingDirectory });
  return problem === undefined
    ? { kind: 'ready', command, environment, workingDirectory }
    : impossible(`CannotStartContainerError: ${problem}`);
}

function impossible(reason: string): LaunchPlan {
  return { kind: 'impossible', reason };
}

function containerEnvironment(
  { searchPath, environment }: LaunchDeps,
  launch: ContainerLaunch,
  secrets: ReadonlyMap<string, string>,
): Map<string, string> {
  const merged = new Map([
    ['PATH', environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'],
    ['HOME', environment['HOME'] ?? homedir()],
    ['TMPDIR', environment['TMPDIR'] ?? tmpdir()],
    ['LANG', environment['LANG'] ?? 'C.UTF-8'],
  ]);
  for (const { name, value } of launch.environment) merged.set(name, value);
  for (const [name, value] of secrets) merged.set(name, value);
  merged.set('PATH', [...searchPath, merged.get('PATH')].join(':'));
  return merged;
}

type Secrets =
  | { readonly kind: 'found'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'missing'; readonly reason: string };

async function resolveSecrets({ secret }: LaunchDeps, { secrets }: ContainerLaunch): Promise<Secrets> {
  const values = new Map<string, string>();
  for (const { name, valueFrom } of secrets) {
    const { arn, member } = secretReference(valueFrom);
    const text = await secret(arn);
    const value = text === undefined || member === undefined ? text : memberOf(text, member);
    if (value === undefined) return { kind: 'missing', reason: missingSecret(valueFrom, text !== undefined) };
    values.set(name, value);
  }
  return { kind: 'found', values };
}

/** `arn:…:secret:NAME:MEMBER:STAGE:VERSION` names one member of a secret that is JSON; the last three may be empty. */
function secretReference(valueFrom: string): { arn: string; member: string | undefined } {
  const parts = valueFrom.split(':');
  const member = parts[5] === 'secret' ? parts[7] : undefined;
  return member === undefined || member === ''
    ? { arn: parts[5] === 'secret' ? parts.slice(0, 7).join(':') : valueFrom, member: undefined }
    : { arn: parts.slice(0, 7).join(':'), member };
}

function memberOf(text: string, member: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined;
    const found: unknown = Object.entries(value).find(([name]) => name === member)?.[1];
    return typeof found === 'string' ? found : JSON.stringify(found);
  } catch {
    return undefined;
  }
}

function missingSecret(valueFrom: string, isSecretThere: boolean): string {
  const cause = isSecretThere
    ? 'retrieved secret did not contain the json key'
    : "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
  return `ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret ${valueFrom} from asm: ${cause}`;
}

const runtimeFailure =
  'ResourceInitializationError: failed to create new container runtime task: unable to start container process: ';

function commandProblem(command: readonly string[]): string | undefined {
  if (command.length > 0) return undefined;
  return `${runtimeFailure}no command given; no image is pulled here, so the image's own command is unknown: set command or entryPoint`;
}

function directoryProblem(directory: string): string | undefined {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return `${runtimeFailure}chdir to cwd ("${directory}") failed: no such file or directory`;
}

type ProgramPlace = { readonly searchPath: string; readonly workingDirectory: string };

function programProblem(program: string, { searchPath, workingDirectory }: ProgramPlace): string | undefined {
  if (program.includes('/')) return fileProblem(program, path.resolve(workingDirectory, program));
  const folders = searchPath.split(':').map((folder) => path.resolve(workingDirectory, folder));
  const isFound = program !== '' && folders.some((folder) => isExecutable(path.join(folder, program)));
  return isFound ? undefined : `${runtimeFailure}exec: "${program}": executable file not found in $PATH`;
}

function fileProblem(program: string, file: string): string | undefined {
  if (isExecutable(file)) return undefined;
  const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
  const cause = isThere ? 'permission denied' : `stat ${program}: no such file or directory`;
  return `${runtimeFailure}exec: "${program}": ${cause}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
