// What `npm start -- …` and the operator's environment ask for.
// Rule: of the operator's environment only the variables named here are read.

import { statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type SocketTransport, socketTransports } from '../shared/config/resources.ts';
import { StartError } from './start-error.ts';

export type StartOptions = {
  /** 0: the folder's last port if it is free, else any. */
  readonly port: number;
  readonly dataDir: string;
  readonly hasExample: boolean;
  /** Folders that come first on the PATH of tasks. */
  readonly searchPath: readonly string[];
  readonly databaseEndpoint: string | undefined;
  readonly launchRate: string | undefined;
  readonly launchBurst: string | undefined;
  readonly sockets: SocketTransport;
  /** Whether states of task runs go to the bus, too. */
  readonly busTaskRuns: 'true' | 'false';
};

export const helpText = `Starts Slipway on this machine: npm start -- [options]

  --port N       port of the API on 127.0.0.1 (default 4200); 0 takes the folder's last port if it is free, else any
  --data DIR     folder for everything that is kept (default .slipway/)
  --no-example   do not register and run the example deployments
  --python PATH  Python, or its folder, that comes first on the PATH of tasks (default: the active virtual environment)
  --sockets T    limits and close codes of WebSockets: local (none, the default) or aws (as API Gateway has them)
  --help         show this

Environment:
  SLIPWAY_PYTHON              as --python
  SLIPWAY_SOCKETS             as --sockets
  SLIPWAY_DYNAMODB_ENDPOINT   a DynamoDB to use in place of the embedded database, http://HOST:PORT
  SLIPWAY_LAUNCH_RATE         tasks started a second (default 20)
  SLIPWAY_LAUNCH_BURST        tasks started at once (default 100)
  SLIPWAY_BUS_TASK_RUNS       true: states of task runs go to the bus, too (default false)
`;

/** @throws StartError naming the option or variable that cannot be used */
export function readOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): StartOptions | 'help' {
  const values = parse(argv);
  if (values.help === true) return 'help';
  const root = fileURLToPath(new URL('..', import.meta.url));
  return {
    port: portOf(values.port ?? '4200'),
    dataDir: values.data === undefined ? path.join(root, '.slipway') : path.resolve(wanted(values.data, '--data')),
    hasExample: values['no-example'] !== true,
    searchPath: [...pythonFolder(values.python, environment), path.dirname(process.execPath)],
    databaseEndpoint: endpointOf(environment['SLIPWAY_DYNAMODB_ENDPOINT']),
    launchRate: positive('SLIPWAY_LAUNCH_RATE', environment['SLIPWAY_LAUNCH_RATE']),
    launchBurst: positive('SLIPWAY_LAUNCH_BURST', environment['SLIPWAY_LAUNCH_BURST']),
    sockets: transportOf(values.sockets, environment['SLIPWAY_SOCKETS']),
    busTaskRuns: flagOf('SLIPWAY_BUS_TASK_RUNS', environment['SLIPWAY_BUS_TASK_RUNS']),
  };
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        'no-example': { type: 'boolean' },
        python: { type: 'string' },
        sockets: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const [first] = text.split(/\. |\n/);
    throw new StartError(`${(first ?? text).replace(/^./, (letter) => letter.toLowerCase())}: see --help`);
  }
}

function wanted(value: string, option: string): string {
  if (value !== '') return value;
  throw new StartError(`${option} is empty, wanted a path`);
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new StartError(`--port must be a number from 0 to 65535, got ${text}`);
}

function transportOf(option: string | undefined, variable: string | undefined): SocketTransport {
  const [source, text] =
    option === undefined ? (['SLIPWAY_SOCKETS', variable] as const) : (['--sockets', option] as const);
  if (text === undefined || (text === '' && option === undefined)) return 'local';
  const found = socketTransports.find((transport) => transport === text);
  if (found !== undefined) return found;
  throw new StartError(`${source} must be ${socketTransports.join(' or ')}, got ${text}`);
}

function flagOf(name: string, text: string | undefined): 'true' | 'false' {
  if (text === undefined || text === '') return 'false';
  if (text === 'true' || text === 'false') return text;
  throw new StartError(`${name} must be true or false, got ${text}`);
}

function pythonFolder(option: string | undefined, environment: NodeJS.ProcessEnv): string[] {
  if (option !== undefined) return [folderOfPython(wanted(option, '--python'), '--python')];
  const variable = environment['SLIPWAY_PYTHON'] ?? '';
  if (variable !== '') return [folderOfPython(variable, 'SLIPWAY_PYTHON')];
  const active = environment['VIRTUAL_ENV'] ?? '';
  return active === '' ? [] : [path.join(path.resolve(active), 'bin')];
}

/** The folder of an interpreter, a folder with one, or a virtual environment. */
function folderOfPython(given: string, source: string): string {
  const full = path.resolve(given);
  const found = statSync(full, { throwIfNoEntry: false });
  if (found === undefined) throw new StartError(`no Python at ${full}: wanted ${source} to name one`);
  if (!found.isDirectory()) return path.dirname(full);
  const bin = path.join(full, 'bin');
  return statSync(path.join(full, 'pyvenv.cfg'), { throwIfNoEntry: false }) === undefined ? full : bin;
}

function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new StartError(`SLIPWAY_DYNAMODB_ENDPOINT must be an address such as http://127.0.0.1:8000, got ${text}`);
}

function positive(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (Number(text) > 0 && Number.isFinite(Number(text))) return text;
  throw new StartError(`${name} must be a number above 0, got ${text}`);
}
