// How the creation of a thing went that may have been there before.
export type Created<T> = { readonly kind: 'created' | 'exists'; readonly item: T };
