// Why the local stack cannot start, in words for whoever started it.
// The message is one lower-case sentence: what was seen, what was wanted. It is printed as it is, without a stack.

export class StartError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'StartError';
  }
}
