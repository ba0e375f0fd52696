// Times in the sentences of explanations.

const seconds = (ms: number) => Math.max(0, Math.round(ms / 1000));

/** `for 12 s`. */
export const since = (at: number, now: number): string => `for ${seconds(now - at)} s`;

/** `in 12 s`; what is over is `now`. */
export const inSeconds = (at: number, now: number): string => (at <= now ? 'now' : `in ${seconds(at - now)} s`);

export const clockTime = (at: number): string => new Date(at).toISOString();
