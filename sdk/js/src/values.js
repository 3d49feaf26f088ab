// From what JavaScript has to what the contract has, and back.

import { decode, encode } from './text.js';

const REASONS = new Set([
  'no-such-client', 'closing', 'too-big', 'limit', 'invalid-code', 'reason-too-long', 'invalid-topic', 'invalid',
]);

/** A message of the contract. */
export function message(data) {
  // Half of a surrogate pair is no character: it becomes U+FFFD, as browsers have it.
  if (typeof data === 'string') return { tag: 'text', val: data.toWellFormed() };
  if (data instanceof Uint8Array) return { tag: 'binary', val: data };
  if (ArrayBuffer.isView(data)) return { tag: 'binary', val: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  if (data instanceof ArrayBuffer) return { tag: 'binary', val: new Uint8Array(data) };
  throw new TypeError(`a message is a string or bytes, not ${data === null ? 'null' : typeof data}: JSON.stringify it`);
}

/** What a handler gets for a message of the contract: a string, or a Uint8Array. */
export function data({ tag, val }) {
  return tag === 'text' || val instanceof Uint8Array ? val : Uint8Array.from(val);
}

/** The ids of clients that are left out: one or several, as clients or as ids. */
export function ids(without) {
  if (without === undefined || without === null) return [];
  const several = typeof without[Symbol.iterator] === 'function' ? [...without] : [without];
  return several.map((client) => (typeof client === 'object' ? client.id : client));
}

/** What a function of the contract answers, be it that it worked or that it did not. */
export function outcome(call) {
  try {
    return call() ?? 'queued';
  } catch (error) {
    return reason(error);
  }
}

/** The case of the contract's error enums that was thrown. Other exceptions go on. */
export function reason(error) {
  const name = typeof error?.payload === 'string' ? error.payload : error?.message;
  if (REASONS.has(name)) return name;
  throw error;
}

/** Throws what was refused for a mistake of the caller. That a client has left is none: nothing happens then. */
export function refuse(code, mistakes) {
  if (code in mistakes) throw Object.assign(new RangeError(mistakes[code]), { code });
}

/** A value as bytes that the host keeps: bytes as they are, all else as JSON. */
export function pack(value) {
  if (value instanceof Uint8Array) return value;
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`what the host keeps must be JSON or bytes, not ${typeof value}`);
  return encode(text);
}

/** The value that was packed into these bytes, or undefined for none. */
export function unpack(bytes) {
  return bytes === null || bytes === undefined || bytes.length === 0 ? undefined : JSON.parse(decode(bytes));
}
