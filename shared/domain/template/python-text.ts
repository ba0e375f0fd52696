// Text of a JSON value as Python's str() writes it, because Prefect's workers put values into text with it.
// What cannot be known here: JSON loses whether 1.0 was a float, so whole numbers are written as integers.
import type { Json } from '../json.ts';
import { isJsonList, isJsonObject } from './json-value.ts';

/** `str(value)`: text as it is, everything else as Python writes it (`None`, `True`, `{'a': [1]}`). */
export function pythonText(value: Json): string {
  return typeof value === 'string' ? value : pythonLiteral(value);
}

/** `repr(value)`: text in quotes. */
export function pythonRepr(value: Json): string {
  return pythonLiteral(value);
}

function pythonLiteral(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return pythonNumber(value);
  if (typeof value === 'string') return quotedText(value);
  if (isJsonList(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (!isJsonObject(value)) return '';
  const entries = Object.entries(value).map(([key, entry]) => `${quotedText(key)}: ${pythonLiteral(entry)}`);
  return `{${entries.join(', ')}}`;
}

function pythonNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  if (Math.abs(value) >= 1e-4) return String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e-');
  return `${digits}e-${exponent.padStart(2, '0')}`;
}

const namedEscapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function quotedText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = Array.from(text, (character) => {
    if (character === quote) return `\\${quote}`;
    return namedEscapes.get(character) ?? (isPrintable(character) ? character : codeEscape(character));
  });
  return `${quote}${inside.join('')}${quote}`;
}

function isPrintable(character: string): boolean {
  return character === ' ' || !/[\p{C}\p{Z}]/u.test(character);
}

function codeEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
