// Converts between values of JavaScript and values of the contract.

import { decode } from 'ws-host:engine';

const REASONS = new Set([
  'no-such-client', 'closing', 'too-big', 'limit', 'invalid-code', 'reason-too-long', 'invalid-topic', 'invalid',
  'not-durable', 'unavailable', 'key-too-long', 'value-too-big', 'room-full', 'total-full',
  'invalid-name', 'no-such-room', 'full', 'too-many-rooms',
]);

/** Converts data to a message of the contract. */
export function message(data) {
  // The engine makes a lone surrogate U+FFFD, as browsers do.
  if (typeof data === 'string') return { tag: 'text', val: data };
  if (data instanceof Uint8Array) return { tag: 'binary', val: data };
  if (ArrayBuffer.isView(data)) return { tag: 'binary', val: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  if (data instanceof ArrayBuffer) return { tag: 'binary', val: new Uint8Array(data) };
  throw new TypeError(`a message is a string or bytes, not ${data === null ? 'null' : typeof data}: JSON.stringify it`);
}

/** Converts a message of the contract to what a handler receives: a string or a Uint8Array. */
export function data({ val }) {
  return val;
}

/** Returns the ids of the excluded clients: one or several, given as clients or as ids. */
export function ids(without) {
  if (without === undefined || without === null) return [];
  const several = typeof without[Symbol.iterator] === 'function' ? [...without] : [without];
  return several.map((client) => (typeof client === 'object' ? client.id : client));
}

/** The longest delay of a timer in milliseconds, a hundred years. */
const LONGEST_DELAY = 100 * 365 * 24 * 3600 * 1000;

/** Converts a delay in milliseconds to whole microseconds, rounded up: a timer may be late, but never early. */
export function microseconds(milliseconds) {
  const delay = Number(milliseconds);
  return delay > 0 ? Math.ceil(Math.min(delay, LONGEST_DELAY) * 1000) : 0;
}

/** Calls a function of the contract and returns its status or the name of its error. */
export function outcome(call) {
  try {
    return call() ?? 'queued';
  } catch (error) {
    return reason(error);
  }
}

/** Returns the name of the contract's error that was thrown. Rethrows other exceptions. */
export function reason(error) {
  const name = typeof error?.payload === 'string' ? error.payload : error?.message;
  if (REASONS.has(name)) return name;
  throw error;
}

/** Throws if the error is one of the caller's `mistakes`. A client that has left is not a mistake: then nothing happens. */
export function refuse(code, mistakes) {
  if (code in mistakes) throw Object.assign(new RangeError(mistakes[code]), { code });
}

/** Packs a value for the host to keep: bytes stay as they are, all else becomes JSON, which the engine passes on as UTF-8. */
export function pack(value) {
  if (value instanceof Uint8Array) return value;
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`the host keeps only JSON or bytes, not ${typeof value}`);
  return text;
}

/** Returns the value packed into these bytes, or undefined for null or no bytes. */
export function unpack(bytes) {
  return bytes === null || bytes === undefined || bytes.length === 0 ? undefined : JSON.parse(decode(bytes, true));
}

/** The same for a value that `pack` made of what the application gave: bytes that are no JSON are what it gave. */
export function unpackOwn(bytes) {
  try {
    return unpack(bytes);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return bytes;
    throw error;
  }
}
