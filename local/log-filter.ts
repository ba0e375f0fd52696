// The filter patterns of CloudWatch Logs, as far as plain text goes: words, "phrases", -not, ?any.
// Rule: a pattern that is not understood is refused, because one that is ignored would seem to match.

import { AwsError } from './aws-endpoint.ts';

type Term = { readonly kind: 'all' | 'any' | 'none'; readonly text: string };

/** Source: "Filter pattern syntax for metric filters …", unstructured log events. Matching minds upper and lower case. */
export function parseFilterPattern(pattern: string): (message: string) => boolean {
  const trimmed = pattern.trim();
  if (/^[{[%]/.test(trimmed)) {
    throw new AwsError(
      'InvalidParameterException',
      `expected a pattern of words or "phrases", got ${trimmed}: json, space-delimited and regex patterns are not served locally`,
    );
  }
  const terms = [...trimmed.matchAll(/(?<sign>[-?]?)(?:"(?<phrase>[^"]*)"|(?<word>\S+))/g)].map(toTerm);
  const all = terms.filter((term) => term.kind === 'all');
  const any = terms.filter((term) => term.kind === 'any');
  const none = terms.filter((term) => term.kind === 'none');
  return (message) =>
    all.every((term) => message.includes(term.text)) &&
    (any.length === 0 || any.some((term) => message.includes(term.text))) &&
    !none.some((term) => message.includes(term.text));
}

function toTerm(match: RegExpExecArray): Term {
  const text = match.groups?.['phrase'] ?? match.groups?.['word'] ?? '';
  const sign = match.groups?.['sign'];
  if (sign === '-') return { kind: 'none', text };
  return { kind: sign === '?' ? 'any' : 'all', text };
}
