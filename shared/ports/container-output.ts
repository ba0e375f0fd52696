// What a container wrote to its standard output, where the platform kept it.

export type OutputPlace = { readonly group: string; readonly stream: string };

export type OutputLine = {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
};

export type ContainerOutput = {
  /** Oldest first, page by page. A stream that never came to be has no lines. */
  read(place: OutputPlace): AsyncIterable<readonly OutputLine[]>;
};
