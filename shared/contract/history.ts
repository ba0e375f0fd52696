// Histories of flow runs and task runs: counts by state, interval by interval.
import { z } from 'zod';
import { durationSeconds, time, timeText } from './scalars.ts';
import { stateType } from './states.ts';

/** Seconds. The end of a longer one could be a time that nobody can write. */
const longestInterval = 100 * 365 * 86_400;

export const historyRequest = {
  history_start: time,
  history_end: time,
  history_interval_seconds: durationSeconds
    .refine((seconds) => seconds <= longestInterval, 'at most a hundred years')
    .meta({ type: 'number', format: 'time-delta' }),
};

const historyResponseState = z
  .object({
    state_type: stateType,
    state_name: z.string(),
    count_runs: z.number().int(),
    /** Seconds. */
    sum_estimated_run_time: z.number(),
    sum_estimated_lateness: z.number(),
  })
  .meta({ id: 'HistoryResponseState' });

export const historyResponse = z
  .object({ interval_start: timeText, interval_end: timeText, states: z.array(historyResponseState) })
  .meta({ id: 'HistoryResponse' });
