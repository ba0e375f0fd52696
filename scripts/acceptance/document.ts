// Reads the table of `docs/acceptance.md`: one row for each promise and what shows that it is kept.
// A row that cannot be read is a problem of its own, never left out.

export type Evidence =
  | { readonly kind: 'test'; readonly file: string; readonly name: string }
  | { readonly kind: 'check'; readonly file: string }
  | { readonly kind: 'not-met'; readonly reason: string };

export type AcceptanceRow = {
  readonly number: string;
  readonly sentence: string;
  readonly evidence: readonly Evidence[];
};

export type AcceptanceDocument = {
  readonly rows: readonly AcceptanceRow[];
  readonly problems: readonly string[];
};

const header = ['#', 'sentence', 'shown by'];

/** Every row of every table headed `| # | sentence | shown by |`, with what is wrong in their form. */
export function readAcceptance(markdown: string): AcceptanceDocument {
  const rows: AcceptanceRow[] = [];
  const problems: string[] = [];
  let isInTable = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    const cells = readCells(line);
    if (cells === undefined || isHeader(cells)) {
      isInTable = cells !== undefined;
    } else if (isInTable && !cells.every((cell) => /^:?-+:?$/.test(cell))) {
      const row = readRow(cells);
      if (typeof row === 'string') problems.push(`line ${index + 1}: ${row}`);
      else if (rows.some((other) => other.number === row.number)) problems.push(`${row.number}: number used twice`);
      else rows.push(row);
    }
  }
  if (rows.length === 0) problems.push(`no rows: wanted a table headed | ${header.join(' | ')} |`);
  return { rows, problems };
}

function isHeader(cells: readonly string[]): boolean {
  return cells.length === header.length && cells.every((cell, column) => cell === header[column]);
}

/** The cells of a table line, `\|` being a bar within a cell; undefined for any other line. */
function readCells(line: string): readonly string[] | undefined {
  const trimmed = line.trim();
  if (!trimmed.startsWith('|')) return undefined;
  return trimmed
    .replace(/^\||(?<!\\)\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|').trim());
}

function readRow(cells: readonly string[]): AcceptanceRow | string {
  const [number, sentence, shownBy, ...surplus] = cells;
  if (shownBy === undefined || surplus.length > 0) return `${cells.length} columns, wanted ${header.length}`;
  if (number === undefined || !/^[A-Z]+[0-9]+(\.[0-9]+)*$/.test(number)) {
    return `number ${number || '(none)'}, wanted one like N3 or W3.7`;
  }
  if (sentence === undefined || sentence === '') return `${number}: no sentence`;
  const evidence = shownBy.split(/<br ?\/?>/).map(readEvidence);
  const unread = evidence.find((entry) => typeof entry === 'string');
  if (unread !== undefined) return `${number}: ${unread}`;
  return { number, sentence, evidence: evidence.filter((entry) => typeof entry !== 'string') };
}

/** One entry of the last column, or what is wrong with it. */
export function readEvidence(cell: string): Evidence | string {
  const entry = cell.trim().replace(/^`(.*)`$/, '$1');
  const reason = after(entry, 'not met:');
  if (reason) return { kind: 'not-met', reason };
  const check = after(entry, 'checked by:');
  if (check) return { kind: 'check', file: check };
  const separator = entry.indexOf(' › ');
  if (separator > 0) {
    return { kind: 'test', file: entry.slice(0, separator).trim(), name: entry.slice(separator + 3).trim() };
  }
  return `shown by "${entry}", wanted "path.test.ts › test name", "checked by: file" or "not met: reason"`;
}

function after(text: string, prefix: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length).trim() : undefined;
}
