// The turns of a process: one is under way at most, and one waits for all who ask meanwhile.
import type { TakeTurn } from '../ports/take-turn.ts';

export function createTurns<Asked, Answer>(): TakeTurn<Asked, Answer> {
  let last: Promise<unknown> = Promise.resolve();
  let next: { readonly asked: Asked[]; readonly answer: Promise<Answer> } | undefined;
  return (asked, act) => {
    if (next !== undefined) {
      next.asked.push(asked);
      return next.answer;
    }
    const sharing = [asked];
    const answer = last.then(() => {
      next = undefined;
      return act(sharing);
    });
    next = { asked: sharing, answer };
    last = answer.catch(() => undefined);
    return answer;
  };
}
