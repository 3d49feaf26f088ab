// The messages of an application, and the byte in front of each on the line.

const encoder = new TextEncoder();

/** The bytes of a message. */
export function size(data) {
  if (typeof data === 'string') return encoder.encode(data).length;
  return data.byteLength ?? data.size;
}

/** A copy, since its owner may change the original. */
export function copy(data) {
  return ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data.slice(0);
}

/** Puts the byte of an application's message in front. */
export function wrap(data) {
  if (typeof data === 'string') return `.${data}`;
  if (data instanceof Blob) return new Blob(['.', data]);
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  const wrapped = new Uint8Array(bytes.length + 1);
  wrapped[0] = 46;
  wrapped.set(bytes, 1);
  return wrapped;
}

/** The message as it was given to `send`, binary ones as an ArrayBuffer or a Blob. */
export function unwrap(data) {
  return data instanceof Uint8Array ? copy(data.subarray(1)) : data.slice(1);
}
