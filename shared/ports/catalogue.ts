// What use cases and handlers need from the stores of flows, deployments, pools, queues, workers and variables.
import type { Deployment, Flow, SavedSearch, Variable, Worker, WorkPool, WorkQueue } from '../domain/catalogue.ts';
import type { Json } from '../domain/json.ts';
import type { BlockDocuments, BlockSchemas, BlockTypes, Settings } from './blocks.ts';
import type { Created } from './created.ts';
import type { Write } from './runs.ts';

export type Flows = {
  /** Same name, same id: an existing flow is answered as it is. */
  create(flow: Flow): Promise<Created<Flow>>;
  read(id: string): Promise<Flow | undefined>;
  readByName(name: string): Promise<Flow | undefined>;
  list(): Promise<readonly Flow[]>;
  put(flow: Flow): Promise<void>;
  remove(id: string): Promise<boolean>;
};

export type Deployments = {
  create(deployment: Deployment): Promise<Created<Deployment>>;
  read(id: string): Promise<Deployment | undefined>;
  readByName(flowName: string, name: string): Promise<Deployment | undefined>;
  list(): Promise<readonly Deployment[]>;
  change(before: Deployment, after: Deployment): Promise<Write>;
  remove(id: string): Promise<boolean>;
};

export type WorkPools = {
  /** Puts the pool and its default queue in one transaction. */
  create(pool: WorkPool, defaultQueue: WorkQueue): Promise<Created<WorkPool>>;
  read(name: string): Promise<WorkPool | undefined>;
  list(): Promise<readonly WorkPool[]>;
  change(before: WorkPool, after: WorkPool): Promise<Write>;
  remove(name: string): Promise<boolean>;
};

export type WorkQueues = {
  create(queue: WorkQueue): Promise<Created<WorkQueue>>;
  read(id: string): Promise<WorkQueue | undefined>;
  list(workPoolName?: string): Promise<readonly WorkQueue[]>;
  change(before: WorkQueue, after: WorkQueue): Promise<Write>;
  remove(id: string): Promise<boolean>;
};

export type Workers = {
  heartbeat(worker: Worker): Promise<void>;
  list(workPoolName: string): Promise<readonly Worker[]>;
  remove(workPoolName: string, name: string): Promise<boolean>;
};

export type Variables = {
  create(variable: Variable): Promise<Created<Variable>>;
  readByName(name: string): Promise<Variable | undefined>;
  list(): Promise<readonly Variable[]>;
  put(variable: Variable): Promise<void>;
  remove(name: string): Promise<boolean>;
};

/** Block documents as templates see them: data with secrets, the documents it refers to filled in. */
export type Blocks = {
  /** By block type slug and document name. */
  readData(typeSlug: string, name: string): Promise<Json | undefined>;
  readDataById(id: string): Promise<Json | undefined>;
};

export type SavedSearches = {
  /** Same name, same id: a search that exists is answered as it is. */
  create(search: SavedSearch): Promise<Created<SavedSearch>>;
  read(id: string): Promise<SavedSearch | undefined>;
  list(): Promise<readonly SavedSearch[]>;
  put(search: SavedSearch): Promise<void>;
  remove(id: string): Promise<boolean>;
};

export type Catalogue = {
  readonly flows: Flows;
  readonly deployments: Deployments;
  readonly workPools: WorkPools;
  readonly workQueues: WorkQueues;
  readonly workers: Workers;
  readonly variables: Variables;
  readonly blocks: Blocks;
  readonly blockTypes: BlockTypes;
  readonly blockSchemas: BlockSchemas;
  readonly blockDocuments: BlockDocuments;
  readonly savedSearches: SavedSearches;
  readonly settings: Settings;
};
