// Tags of a task: Prefect's labels, cleaned to what AWS allows (50 tags, keys of 128, values of 256 characters).
// Cleaning is prefect-aws's: what is not a letter, digit or one of `_./=+:@-` becomes a dash.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject } from '../template/json-value.ts';
import { pythonText } from '../template/python-text.ts';

export type Tag = { readonly key: string; readonly value: string };
export type CleanTags = { readonly tags: readonly Tag[]; readonly warnings: readonly string[] };

const mostTags = 50;

/** Labels as tags; where two become the same key, the later wins; the first 50 are kept. */
export function cleanTags(labels: Readonly<Record<string, string>>): CleanTags {
  const byKey = new Map<string, string>();
  const warnings: string[] = [];
  for (const [label, text] of Object.entries(labels)) {
    const key = cleanText(label, 128);
    if (key === '' || /^aws:/i.test(key)) warnings.push(`the label ${label} cannot be a tag and is left out`);
    else byKey.set(key, cleanText(text, 256).replace(/^aws:/i, 'aws-'));
  }
  const tags = [...byKey].map(([key, value]) => ({ key, value }));
  if (tags.length > mostTags)
    warnings.push(`a task has ${mostTags} tags at most, ${tags.length - mostTags} labels are left out`);
  return { tags: tags.slice(0, mostTags), warnings };
}

function cleanText(text: string, most: number): string {
  const clean = text.replaceAll(/[^a-zA-Z0-9_./=+:@-]+/g, '-').replaceAll(/-{2,}/g, '-');
  return trimDashes(trimDashes(clean).slice(0, most));
}

function trimDashes(text: string): string {
  return text.replace(/^-+/, '').replace(/-+$/, '');
}

/** Tags of a RunTask request, written as an object of labels or as AWS's list, as labels. */
export function labelsOfTags(tags: Json | undefined): JsonObject {
  if (isJsonObject(tags)) return tags;
  if (!isJsonList(tags)) return {};
  return Object.fromEntries(
    tags.filter(isJsonObject).map((tag) => [pythonText(fieldOf(tag, 'key') ?? ''), fieldOf(tag, 'value') ?? '']),
  );
}
