// One machinery for every filter of the API: a table says where each field of a filter finds its value, and the
// criteria (any_, like_, before_ …) mean the same everywhere. What a filter leaves out holds for everything.
import type { Operator } from './condition.ts';

export type FieldValue = string | number | boolean | readonly string[] | undefined;

export type Field<Subject> =
  | {
      readonly read: (subject: Subject) => FieldValue;
      /** Criteria that look at another value than the rest of the field. */
      readonly by?: Readonly<Record<string, (subject: Subject) => FieldValue>>;
    }
  /** A filter of filters, like `state` with its type and name. */
  | { readonly parts: FieldTable<Subject> }
  /** Conditions of its own making; they stand beside those of the other fields. */
  | { readonly judge: (part: Part, subject: Subject) => readonly boolean[] };

export type FieldTable<Subject> = Readonly<Record<string, Field<Subject>>>;

/** A filter, or the part of one that concerns a field, by its wire names. */
export type Part = { readonly [name: string]: unknown };

/** Whether the filter means this subject. @throws Error for a field or criterion that no table knows */
export function meets<Subject>(table: FieldTable<Subject>, filter: Part, subject: Subject): boolean {
  return combine(operatorOf(filter), conditionsOf(table, filter, subject));
}

function conditionsOf<Subject>(table: FieldTable<Subject>, filter: Part, subject: Subject): readonly boolean[] {
  return Object.entries(filter).flatMap(([name, part]) => {
    if (name === 'operator' || part === undefined || part === null) return [];
    const field = Object.hasOwn(table, name) ? table[name] : undefined;
    if (field === undefined || !isPart(part)) throw new Error(`no filter knows the field ${name}`);
    if ('judge' in field) return field.judge(part, subject);
    return [
      combine(
        operatorOf(part),
        'parts' in field ? partConditions(field.parts, part, subject) : criteria(field, part, subject),
      ),
    ];
  });
}

/** As Prefect's server has it: a part counts only when it has exactly one criterion. */
function partConditions<Subject>(table: FieldTable<Subject>, filter: Part, subject: Subject): readonly boolean[] {
  return Object.entries(filter).flatMap(([name, part]) => {
    const field = table[name];
    if (name === 'operator' || !isPart(part) || field === undefined || !('read' in field)) return [];
    const asked = criteria(field, part, subject);
    return asked.length === 1 ? asked : [];
  });
}

function criteria<Subject>(
  field: Extract<Field<Subject>, { read: unknown }>,
  part: Part,
  subject: Subject,
): readonly boolean[] {
  return Object.entries(part).flatMap(([name, wanted]) => {
    if (name === 'operator' || wanted === undefined || wanted === null) return [];
    const value = (field.by?.[name] ?? field.read)(subject);
    const answer = criterion(name, wanted, value);
    return answer === undefined ? [] : [answer];
  });
}

/**
 * One criterion; undefined where it asks for nothing. An unknown value is in no list and, as in SQL, not outside of
 * one either.
 */
function criterion(name: string, wanted: unknown, value: FieldValue): boolean | undefined {
  switch (name) {
    case 'any_':
    case 'id_':
    case 'type_':
      return isAmong(listOf(wanted), value);
    case 'not_any_':
      return listOf(wanted).length === 0 ? undefined : value !== undefined && !isAmong(listOf(wanted), value);
    case 'all_':
      return listOf(wanted).length === 0 ? undefined : listOf(wanted).every((one) => isAmong([one], value));
    case 'like_':
      return wanted === '' ? undefined : isLike(`%${String(wanted)}%`, value);
    case 'startswith_':
      return listOf(wanted).length === 0 ? undefined : listOf(wanted).some((one) => isLike(`${String(one)}%`, value));
    case 'is_null_':
      return (value === undefined || (Array.isArray(value) && value.length === 0)) === wanted;
    case 'eq_':
    case 'exists_':
      return value === wanted;
    case 'before_':
    case 'le_':
      return typeof value === 'number' && value <= Number(wanted);
    case 'after_':
    case 'ge_':
      return typeof value === 'number' && value >= Number(wanted);
    default:
      throw new Error(`no filter knows the criterion ${name}`);
  }
}

function listOf(wanted: unknown): readonly unknown[] {
  return Array.isArray(wanted) ? wanted : [];
}

function isAmong(wanted: readonly unknown[], value: FieldValue): boolean {
  return typeof value === 'object'
    ? value.some((one) => wanted.includes(one))
    : value !== undefined && wanted.includes(value);
}

/** SQL's ILIKE: `%` is any text, `_` any one character. Prefect passes both through. */
export function isLike(pattern: string, value: FieldValue): boolean {
  if (typeof value !== 'string') return false;
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, 'isu').test(value);
}

function combine(operator: Operator | undefined, conditions: readonly boolean[]): boolean {
  if (conditions.length === 0) return true;
  return operator === 'or_' ? conditions.some(Boolean) : conditions.every(Boolean);
}

function operatorOf(filter: Part): Operator | undefined {
  return filter['operator'] === 'or_' ? 'or_' : undefined;
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
