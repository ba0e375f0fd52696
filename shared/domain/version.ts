// Versions of clients as they name themselves: numbers first, then Python's suffixes (`3.1.0rc2` comes before `3.1.0`).

/** Whether `version` comes before `other`; a local part (`+build`) says nothing. */
export function isOlder(version: string, other: string): boolean {
  const [one, two] = [parts(version), parts(other)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (one.numbers[at] ?? 0) - (two.numbers[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return one.isEarly && !two.isEarly;
}

function parts(version: string): { readonly numbers: readonly number[]; readonly isEarly: boolean } {
  const [, numbers = '', suffix = ''] = /^(\d+(?:\.\d+)*)(.*)$/.exec(version) ?? [];
  return { numbers: numbers.split('.').map(Number), isEarly: /^\.?(?:a|b|rc|dev)/.test(suffix) };
}
