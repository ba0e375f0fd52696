// The pump's lease and the launch-time reservations, on one item (rule 7), and the freeze switch (rule 14).
import type { AdmissionState } from '../domain/submit/admission.ts';
import type { Write } from './runs.ts';

export type Admission = {
  read(): Promise<AdmissionState | undefined>;
  /** Conditional on the version of `before` (or on there being none). */
  write(before: AdmissionState | undefined, after: AdmissionState): Promise<Write>;
};
