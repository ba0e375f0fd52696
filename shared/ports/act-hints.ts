// Messages of the queue `act`: only where to look. What is to be done stands in the table.

export type ActHint =
  /** A firing whose actions are open. */
  | { readonly kind: 'firing'; readonly firingId: string }
  /** A trigger whose window ends, or whose figure is to be judged. */
  | { readonly kind: 'trigger'; readonly stateId: string };

export type ActHints = {
  /** Delays are whole seconds, rounded up, at most 900. A hint that cannot be sent is lost: the clock finds its item. */
  act(hints: readonly ActHint[], options?: { readonly delaySeconds?: number }): Promise<void>;
};
