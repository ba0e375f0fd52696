// One of the two servers that a sequence is sent to.
export type Answer = { readonly status: number; readonly body: unknown };

export type Server = {
  readonly name: string;
  /** The path is below `/api` and as it stands in a URL. */
  ask(method: string, path: string, body: string | undefined): Promise<Answer>;
  close(): Promise<void>;
};
