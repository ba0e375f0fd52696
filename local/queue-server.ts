// The queue's own thread: fauxqs on loopback, its messages and the large bodies of runs on disk. Started by queue.ts, dies with the program.
// A thread, because each message is a synchronous write to disk and the Lambdas must not wait for it.

import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { buildApp } from 'fauxqs';
import { z } from 'zod';
import { bodyBucketName } from './account.ts';

type BuildOptions = NonNullable<Parameters<typeof buildApp>[0]>;
type Stores = NonNullable<BuildOptions['stores']>;
type QueueStore = Stores['sqsStore'];
type Persistence = NonNullable<QueueStore['persistence']>;

/** A class of a fauxqs module: its ready-made server binds every interface, so it is built from its parts here. */
const classOf = <Instance, Arguments extends readonly unknown[]>() =>
  z.custom<new (...args: Arguments) => Instance>((value) => typeof value === 'function', 'wanted a class');

const parts = z.object({
  SqsStore: classOf<QueueStore, []>(),
  SnsStore: classOf<Stores['snsStore'], []>(),
  S3Store: classOf<Stores['s3Store'], []>(),
  PersistenceManager: classOf<Persistence, [folder: string]>(),
});

async function loadParts(): Promise<z.infer<typeof parts>> {
  const base = import.meta.resolve('fauxqs');
  const files = ['sqs/sqsStore.js', 'sns/snsStore.js', 's3/s3Store.js', 'persistence.js'];
  const modules: object[] = await Promise.all(files.map((file) => import(new URL(file, base).href)));
  return parts.parse(Object.assign({}, ...modules));
}

async function serve(folder: string): Promise<void> {
  const { SqsStore, SnsStore, S3Store, PersistenceManager } = await loadParts();
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  const disk = new PersistenceManager(folder);
  prepareFile(disk);
  disk.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  // Only now: a store that persists while it loads would write every queue again, and drop its messages.
  for (const store of Object.values(stores)) store.persistence = disk;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = disk;
  if (!stores.s3Store.hasBucket(bodyBucketName)) stores.s3Store.createBucket(bodyBucketName);
  // In fauxqs 2.4.1 this breaks a constraint of its own; whether a message was released is not read at a start anyway.
  disk.updateMessageReady = () => undefined;
  const app = buildApp({ logger: false, stores });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const address = app.server.address();
  if (typeof address !== 'object' || address === null) throw new Error(`no port: ${String(address)}`);
  if (parentPort === null) throw new Error('wanted to run as a thread');
  parentPort.postMessage({ port: address.port });
  await once(parentPort, 'message');
  await app.close();
  disk.close();
  parentPort.close();
}

function prepareFile(disk: Persistence): void {
  const file = z.instanceof(DatabaseSync).parse(Reflect.get(disk, 'db'));
  // Without a wait for the disk at each of the three writes of a message: in WAL mode a killed process loses nothing,
  // and a message that a power failure loses is only a hint.
  file.exec('PRAGMA synchronous = NORMAL');
  // Whoever held a message died with the last program, so nobody will delete it: it is visible at once.
  file.exec('UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL');
}

await serve(z.object({ folder: z.string() }).parse(workerData).folder);
