// Work that one does at a time in a process: whoever asks while it is under way shares the next turn with all others
// who ask meanwhile, so that the more there is to do, the more one turn does.

/** Resolves with what the turn answers; if it fails, all who share it fail. */
export type TakeTurn<Asked, Answer> = (
  asked: Asked,
  act: (asked: readonly Asked[]) => Promise<Answer>,
) => Promise<Answer>;

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
