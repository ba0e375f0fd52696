// The luck of a sequence: the same seed throws the same dice everywhere.
// Nothing of a sequence comes from anywhere else, so that a seed is all it takes to run it again.

export type Dice = {
  /** A whole number between both, both included. */
  whole(low: number, high: number): number;
  /** True once in so many throws. */
  once(inThrows: number): boolean;
  one<Value>(values: readonly [Value, ...Value[]]): Value;
  /** undefined when there is none. */
  oneOf<Value>(values: readonly Value[]): Value | undefined;
  some<Value>(values: readonly Value[]): Value[];
};

export function diceFrom(seed: number): Dice {
  const next = randomFrom(seed);
  const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const oneOf = <Value>(values: readonly Value[]): Value | undefined => values[whole(0, values.length - 1)];
  return {
    whole,
    once: (inThrows) => next() * inThrows < 1,
    one: (values) => oneOf(values) ?? values[0],
    oneOf,
    some: (values) => values.filter(() => next() < 0.5),
  };
}

/** mulberry32, started at a place that is far away from those of the seeds beside it. */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
