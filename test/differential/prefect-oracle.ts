// Talks to one Python process that answers JSON lines with Prefect's own code.
// Every question gets exactly one answer, in order; a process that dies says what it wrote last.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Json } from '../../shared/domain/json.ts';
import { pythonEnv } from '../support/python-env.ts';

const Answer = z.union([
  z.object({ ok: z.literal(true), answer: z.json() }),
  z.object({ ok: z.literal(false), problem: z.string() }),
]);
export type Answer = z.infer<typeof Answer>;

/** Asks `script` (beside this file) every question, in the Python environment of that name. */
export async function askPython(environment: string, script: string, questions: readonly Json[]): Promise<Answer[]> {
  const { python } = await pythonEnv(environment);
  const home = fileURLToPath(new URL('../../.cache/prefect-home', import.meta.url));
  const child = spawn(python, [fileURLToPath(new URL(script, import.meta.url))], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, PREFECT_HOME: home, PYTHONUTF8: '1' },
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4000);
  });
  const exited = once(child, 'exit');
  const answers: Answer[] = [];
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout })) answers.push(Answer.parse(JSON.parse(line)));
  })();

  for (const question of questions) child.stdin.write(`${JSON.stringify(question)}\n`);
  child.stdin.end();
  await Promise.all([exited, reading]);
  if (answers.length !== questions.length) {
    throw new Error(`${script} answered ${answers.length} of ${questions.length} questions: ${complaints}`);
  }
  return answers;
}
