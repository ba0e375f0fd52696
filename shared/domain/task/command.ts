// The command of a run's container: text is split as a POSIX shell would split words, a list is taken as it is.
// From the command follows whose word ends the run (design rule 8).
import type { Json } from '../json.ts';
import type { Reports } from '../run/attempt.ts';
import { isJsonList, kindOf } from '../template/json-value.ts';

/** What Prefect's workers run when a job has no command of its own. */
export const engineCommand: readonly string[] = ['prefect', 'flow-run', 'execute'];

export type SplitResult =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** As Python's `shlex.split` in POSIX mode: quotes, backslashes, no comments, no expansion. */
export function splitCommand(text: string): SplitResult {
  const words: string[] = [];
  let word: string | undefined;
  for (let rest = text; rest !== ''; ) {
    const part = nextPart(rest);
    if (part === undefined) return { ok: false, problem: `the command has a quotation that does not end: ${text}` };
    if (part.kind === 'space' && word !== undefined) words.push(word);
    word = part.kind === 'space' ? undefined : (word ?? '') + part.text;
    rest = rest.slice(part.length);
  }
  return { ok: true, words: word === undefined ? words : [...words, word] };
}

type Part = { readonly kind: 'space' | 'text'; readonly text: string; readonly length: number };

function nextPart(rest: string): Part | undefined {
  const space = /^[ \t\r\n]+/.exec(rest)?.[0];
  if (space !== undefined) return { kind: 'space', text: '', length: space.length };
  const plain = /^[^ \t\r\n'"\\]+/.exec(rest)?.[0];
  if (plain !== undefined) return { kind: 'text', text: plain, length: plain.length };
  const escaped = /^\\([\s\S])/u.exec(rest);
  if (escaped !== null) return { kind: 'text', text: escaped[1] ?? '', length: escaped[0].length };
  const quoted = /^'([^']*)'/.exec(rest) ?? /^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest);
  if (quoted === null) return undefined;
  const inside = quoted[1] ?? '';
  const text = rest.startsWith('"') ? inside.replaceAll(/\\(["\\])/g, '$1') : inside;
  return { kind: 'text', text, length: quoted[0].length };
}

export type CommandResult =
  | { readonly ok: true; readonly words: readonly string[] | undefined }
  | { readonly ok: false; readonly problem: string };

/** Text or list to words; undefined when there is no command. */
export function readCommand(command: Json | undefined): CommandResult {
  if (command === undefined || command === null || command === '') return { ok: true, words: undefined };
  if (typeof command === 'string') return splitCommand(command);
  const words = isJsonList(command) ? command.filter((word) => typeof word === 'string') : [];
  if (!isJsonList(command) || words.length < command.length) {
    return { ok: false, problem: `the command must be text or a list of texts, got ${kindOf(command)}` };
  }
  return { ok: true, words: words.length === 0 ? undefined : words };
}

/** Whose word ends a run with this command: the engine's when it is the engine that runs. */
export function reportsOf(words: readonly string[] | undefined): Reports {
  const text = (words ?? []).join(' ');
  const isEngine = text === '' || text.includes('prefect flow-run execute') || text.includes('prefect.engine');
  return isEngine ? 'engine' : 'exit-code';
}
