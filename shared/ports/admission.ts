// The pump's lease and the launch-time reservations, on one item (rule 7), and the freeze switch (rule 14);
// the pace of StopTask on another, which the pump need not wait for.
import type { AdmissionState } from '../domain/submit/admission.ts';
import type { StopPace } from '../domain/submit/stop-pace.ts';
import type { Write } from './runs.ts';

/** One item that is moved under its version. */
type Moved<State> = {
  read(): Promise<State | undefined>;
  /** Conditional on the version of `before` (or on there being none). */
  write(before: State | undefined, after: State): Promise<Write>;
};

export type Admission = Moved<AdmissionState>;
export type StopPaces = Moved<StopPace>;
