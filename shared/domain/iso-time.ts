// Epoch milliseconds as ISO text in UTC, the way the wire has it. Fractions of a millisecond become microseconds.

export function isoText(epochMilliseconds: number): string {
  const whole = Math.floor(epochMilliseconds);
  const text = new Date(whole).toISOString();
  const micros = Math.round((epochMilliseconds - whole) * 1000);
  return micros === 0 ? text : text.replace('Z', `${String(Math.min(micros, 999)).padStart(3, '0')}Z`);
}
