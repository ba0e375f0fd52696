// A Docker engine and a Kubernetes API as far as Prefect's workers get with them: both take part in everything until
// a container or job is to be made, which they refuse, since nothing stands behind them.

import { type RecordedCall, type RecordingServer, type Reply, startRecordingServer } from './recording-server.ts';

export const nothingBehind = 'nothing stands behind this engine';

/** For `DOCKER_HOST=tcp://127.0.0.1:PORT`. */
export function startFakeDocker(): Promise<RecordingServer> {
  return startRecordingServer(({ method, path }) => {
    if (path.endsWith('/version')) return ok({ Version: '28.0.0', ApiVersion: '1.47', MinAPIVersion: '1.24' });
    if (method === 'GET' && path.includes('/images/')) return ok({ Id: 'sha256:0', RepoTags: ['app:1'] });
    return { status: 500, body: { message: nothingBehind } };
  });
}

/** For a kubeconfig whose cluster is at `http://127.0.0.1:PORT`. */
export function startFakeKubernetes(): Promise<RecordingServer> {
  return startRecordingServer(answerAsKubernetes);
}

export function kubeconfigFor({ port }: Pick<RecordingServer, 'port'>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'me', user: { token: 'none' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace: 'default' } }],
  });
}

const verbs = ['get', 'list', 'watch', 'create', 'delete', 'patch'];
const resource = (name: string, kind: string, isNamespaced: string) => ({
  name,
  singularName: kind.toLowerCase(),
  kind,
  namespaced: isNamespaced === 'namespaced',
  verbs,
});

/** The documents by which clients find out what there is. */
const discovery: Readonly<Record<string, unknown>> = {
  '/version': { major: '1', minor: '34', gitVersion: 'v1.34.1' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': {
    kind: 'APIGroupList',
    groups: [
      {
        name: 'batch',
        versions: [{ groupVersion: 'batch/v1', version: 'v1' }],
        preferredVersion: { groupVersion: 'batch/v1', version: 'v1' },
      },
    ],
  },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      resource('pods', 'Pod', 'namespaced'),
      resource('events', 'Event', 'namespaced'),
      resource('namespaces', 'Namespace', 'of the cluster'),
    ],
  },
  '/apis/batch/v1': {
    kind: 'APIResourceList',
    groupVersion: 'batch/v1',
    resources: [resource('jobs', 'Job', 'namespaced')],
  },
};

function answerAsKubernetes({ method, path, query }: RecordedCall): Reply {
  if (method !== 'GET') return refusal(403, nothingBehind);
  if (Object.hasOwn(discovery, path)) return ok(discovery[path]);
  if (query.get('watch') === 'true') return 'open stream';
  if (/\/(?:pods|jobs|namespaces|events)$/.test(path)) return ok({ metadata: { resourceVersion: '1' }, items: [] });
  return refusal(404, `no ${path} here`);
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}

function refusal(code: number, message: string): Reply {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code } };
}
