// Bytes of the kinds that the web's functions take.

/** Returns the bytes of a buffer or a view, without a copy. */
export function bytesOf(source) {
  if (source instanceof Uint8Array) return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer || source instanceof SharedArrayBuffer) return new Uint8Array(source);
  throw new TypeError(`bytes are an ArrayBuffer or a view of one, not ${source === null ? 'null' : typeof source}`);
}
