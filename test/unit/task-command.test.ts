// The command of a run: how it is split, which one runs, and whose word ends the run.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { splitCommand } from '../../shared/domain/task/command.ts';
import { objectOf, withoutKeys } from '../../shared/domain/template/json-value.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { launched, own, requestAt } from '../support/task-input.ts';

describe('whose word ends a run', () => {
  it.each<[JsonObject, string, Json | undefined]>([
    [{}, 'engine', ['prefect', 'flow-run', 'execute']],
    [{ command: '' }, 'engine', ['prefect', 'flow-run', 'execute']],
    [{ command: 'python -m prefect.engine' }, 'engine', ['python', '-m', 'prefect.engine']],
    [{ command: 'sh -c "prefect flow-run execute"' }, 'engine', ['sh', '-c', 'prefect flow-run execute']],
    [{ command: 'node hello.mjs' }, 'exit-code', ['node', 'hello.mjs']],
    [{ command: 'node hello.mjs', reports: 'engine' }, 'engine', ['node', 'hello.mjs']],
    [{ reports: 'exit-code' }, 'exit-code', undefined],
    [{ reports: null }, 'engine', ['prefect', 'flow-run', 'execute']],
  ])('with %j it is %s, and the command %j', (jobVariables, reports, command) => {
    const task = launched({ jobVariables });

    expect(task.reports).toBe(reports);
    expect(requestAt(task, `${own}.command`)).toEqual(command);
  });

  it('can be said by a job variable that the template does not know', () => {
    const configuration = withoutKeys(objectOf(ecsPushTemplate, 'job_configuration'), ['reports']);

    const task = launched({
      template: { ...ecsPushTemplate, job_configuration: configuration },
      jobVariables: { command: 'own-engine', reports: 'engine' },
    });

    expect(task.reports).toBe('engine');
  });
});

describe('splitting a command', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['  a \t\n b ', ['a', 'b']],
    [`a'b c'd "e f"`, ['ab cd', 'e f']],
    [`"" ''`, ['', '']],
    [String.raw`a\ b \"c "d\"e\\f\g" 'h\i'`, ['a b', '"c', String.raw`d"e\f\g`, String.raw`h\i`]],
    ['echo # no comment', ['echo', '#', 'no', 'comment']],
  ])('%j gives %j', (text, words) => {
    expect(splitCommand(text)).toEqual({ ok: true, words });
  });

  it.each(["it's", 'say "hi', 'end\\'])('%j is refused', (text) => {
    expect(splitCommand(text)).toMatchObject({ ok: false });
  });

  it('gives back any words that were quoted for a shell', () => {
    const quoted = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        expect(splitCommand(words.map(quoted).join(' '))).toEqual({ ok: true, words });
      }),
    );
  });
});
