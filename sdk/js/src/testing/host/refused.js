// Errors of the contract, and the sizes that it limits.

const encoder = new TextEncoder();

/** Returns an error of the contract, as the engine throws it: a name or, with `details`, a case of a variant. */
export function refused(name, ...details) {
  const [val] = details;
  return Object.assign(new Error(name), { payload: details.length > 0 ? { tag: name, val } : name });
}

/** Returns a text or bytes that the application gives away as bytes of their own. */
export function bytes(data) {
  return typeof data === 'string' ? encoder.encode(data) : data.slice();
}

/** The number of bytes of a text in UTF-8. */
export function sizeOf(text) {
  return Buffer.byteLength(text);
}
