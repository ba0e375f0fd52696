// Seals what nobody may read who only sees the table.

export type SecretBox = {
  /**
   * @param place what the text belongs to; sealed text opens at its own place only, so that it cannot be moved
   */
  seal(text: string, place: string): Promise<string>;
  /** @throws Error, without a word of the text, when it was sealed with another key or for another place */
  open(sealed: string, place: string): Promise<string>;
};
