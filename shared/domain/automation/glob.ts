// Shell patterns as Python's fnmatch reads them: `*`, `?`, `[abc]`, `[!abc]`, case matters, the whole text must fit.
// Rule: matching takes at most pattern length times text length steps, whatever a user writes.

type Class = { readonly negated: boolean; readonly ranges: readonly (readonly [from: number, to: number])[] };

export type GlobToken =
  | { readonly kind: 'text'; readonly code: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'rest' }
  | { readonly kind: 'class'; readonly class: Class };

/** Whether the whole text fits the pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  return matchesTokens(tokensOf(pattern), text);
}

/** Goes on greedily; a mismatch goes back to the last `*` alone, which may then take one character more. */
export function matchesTokens(tokens: readonly GlobToken[], text: string): boolean {
  const codes = codesOf(text);
  let at = 0;
  let token = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < codes.length) {
    const current = tokens[token];
    if (current?.kind === 'rest') {
      starToken = token;
      starAt = at;
      token += 1;
    } else if (current !== undefined && fits(current, codes[at] ?? 0)) {
      token += 1;
      at += 1;
    } else if (starToken >= 0) {
      starAt += 1;
      at = starAt;
      token = starToken + 1;
    } else return false;
  }
  while (tokens[token]?.kind === 'rest') token += 1;
  return token === tokens.length;
}

/** A text that stands for itself. */
export function literalTokens(text: string): readonly GlobToken[] {
  return codesOf(text).map((code) => ({ kind: 'text', code }));
}

function codesOf(text: string): readonly number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function fits(token: GlobToken, code: number): boolean {
  switch (token.kind) {
    case 'text':
      return token.code === code;
    case 'class':
      return token.class.ranges.some(([from, to]) => from <= code && code <= to) !== token.class.negated;
    case 'any':
    case 'rest':
      return true;
  }
}

const known = new Map<string, readonly GlobToken[]>();
const mostKnown = 2_000;

function tokensOf(pattern: string): readonly GlobToken[] {
  const found = known.get(pattern);
  if (found !== undefined) return found;
  const tokens = parse(Array.from(pattern));
  if (known.size >= mostKnown) known.clear();
  known.set(pattern, tokens);
  return tokens;
}

function parse(characters: readonly string[]): readonly GlobToken[] {
  const tokens: GlobToken[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    const end = character === '[' ? classEnd(characters, at) : undefined;
    if (end !== undefined) {
      tokens.push({ kind: 'class', class: classOf(characters.slice(at + 1, end)) });
      at = end;
    } else if (character === '*') {
      if (tokens.at(-1)?.kind !== 'rest') tokens.push({ kind: 'rest' });
    } else if (character === '?') tokens.push({ kind: 'any' });
    else tokens.push({ kind: 'text', code: character.codePointAt(0) ?? 0 });
  }
  return tokens;
}

/** Where a class that opens at `open` closes; a `]` that comes first stands for itself. */
function classEnd(characters: readonly string[], open: number): number | undefined {
  const first = characters[open + 1] === '!' ? open + 2 : open + 1;
  const end = characters.indexOf(']', characters[first] === ']' ? first + 1 : first);
  return end < 0 ? undefined : end;
}

function classOf(inside: readonly string[]): Class {
  const negated = inside[0] === '!';
  const codes = inside.slice(negated ? 1 : 0).map((character) => character.codePointAt(0) ?? 0);
  const ranges: (readonly [number, number])[] = [];
  for (let at = 0; at < codes.length; at += 1) {
    const from = codes[at] ?? 0;
    const to = codes[at + 2];
    if (codes[at + 1] === 0x2d && to !== undefined) {
      ranges.push([from, to]);
      at += 2;
    } else ranges.push([from, from]);
  }
  return { negated, ranges };
}
