// The shell that keeps a container: claims its generation, runs the first process, writes down its exit code.
// Rule: one small shell a container, in a session of its own, so tasks outlive the program that started them.

import type { ContainerFiles, ContainerKey } from './container-files.ts';
import type { StartOrder } from './container-host-messages.ts';

/** The variable that marks every process of a container; children inherit it. Its value is the container's key. */
export const containerMark = 'SLIPWAY_LOCAL_CONTAINER';

// $1 folder, $2 claim file, $3 exit file, then the command. The claim and `first` hold lines of /proc/PID/stat.
// The traps keep the shell alive when the command signals its whole process group; the subshell drops them again.
// The exit code is one write of one line: a reader takes it only when the newline is there.
const script = `
read -r slipway_stat < /proc/self/stat
set -C
echo "$slipway_stat" > "$2" || exit 0
set +C
trap : HUP INT QUIT TERM USR1 USR2 PIPE ALRM
(
  read -r slipway_stat < /proc/self/stat
  echo "$slipway_stat" > "$1/first"
  unset slipway_stat PWD OLDPWD
  shift 3
  exec "$@"
) >> "$1/output" 2>&1
echo "$?" > "$3"
`;

// What the shell sets by itself, or does not pass on: these go round it by way of env(1).
const shellOwn = new Set(['_', 'PWD', 'OLDPWD', 'IFS', 'PPID', 'OPTIND', 'LINENO']);

export type ContainerStart = {
  readonly key: ContainerKey;
  readonly generation: number;
  readonly command: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly workingDirectory: string;
};

export function keeperOrder(files: ContainerFiles, start: ContainerStart): StartOrder {
  const folder = files.folder(start.key);
  const isPassedOn = ([name]: [string, string]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !shellOwn.has(name);
  const entries = [...start.environment];
  const besides = entries.filter((entry) => !isPassedOn(entry)).map(([name, value]) => `${name}=${value}`);
  const command = besides.length === 0 ? start.command : ['/usr/bin/env', ...besides, ...start.command];
  return {
    program: '/bin/sh',
    arguments: [
      '-c',
      script,
      'sh',
      folder,
      `${folder}/claim-${start.generation}`,
      files.exitFile(start.key),
      ...command,
    ],
    environment: { ...Object.fromEntries(entries.filter(isPassedOn)), [containerMark]: start.key },
    workingDirectory: start.workingDirectory,
  };
}
