// The name by which structuredClone copies objects without knowing their classes.

/** Under this name an object has a function that returns a copy. */
export const copied = Symbol('copied');
