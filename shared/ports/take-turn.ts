// Work that one does at a time in a process: whoever asks while it is under way shares the next turn with all others
// who ask meanwhile, so that the more there is to do, the more one turn does.

/** Resolves with what the turn answers; if it fails, all who share it fail. */
export type TakeTurn<Asked, Answer> = (
  asked: Asked,
  act: (asked: readonly Asked[]) => Promise<Answer>,
) => Promise<Answer>;
