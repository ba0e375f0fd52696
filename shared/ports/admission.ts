// The pump's lease and the launch-time reservations, on one item (rule 7), and the freeze switch (rule 14).
import type { Write } from './runs.ts';

export type Bucket = { readonly tokens: number; readonly at: number };

export type AdmissionRecord = {
  readonly version: number;
  readonly epoch: number;
  readonly leaseUntil: number;
  /** A hint came while the lease was held: the holder goes round once more. */
  readonly more: boolean;
  readonly frozen: boolean;
  readonly launches: Bucket;
  /** Share of the configured rate in use, halved on throttling, creeping back to 1. */
  readonly share: number;
  readonly throttledAt?: number;
};

export type Admission = {
  read(): Promise<AdmissionRecord | undefined>;
  write(before: AdmissionRecord | undefined, after: AdmissionRecord): Promise<Write>;
};
