// The answer of `onUpgrade`.

import { pack } from './values.js';

/** The parts of an answer that accepts. */
const ACCEPTING = ['accept', 'user', 'headers', 'attachment'];

/** Converts an answer of `onUpgrade` to the contract's decision. */
export function decision(answer) {
  if (answer === undefined || answer === true) return accepted({});
  if (answer === false) return refused({ refuse: 403 });
  if (typeof answer?.refuse === 'number') return refused(answer);
  if (typeof answer?.close === 'number') return { tag: 'close', val: { code: answer.close, reason: answer.reason ?? '' } };
  if (typeof answer === 'object' && answer && ACCEPTING.some((part) => part in answer)) return accepted(answer);
  throw new TypeError(
    'onUpgrade must return true, false, { accept: subprotocol, user, headers, attachment }, { refuse: status, headers, body } or { close: code, reason }',
  );
}

function accepted({ accept = null, user = null, headers, attachment }) {
  const subprotocol = accept === true ? null : accept;
  for (const [name, value] of Object.entries({ accept: subprotocol, user })) {
    if (value !== null && typeof value !== 'string') throw new TypeError(`onUpgrade: \`${name}\` is a string, not ${typeof value}`);
  }
  const packed = attachment === undefined ? new Uint8Array() : pack(attachment);
  return { tag: 'accept', val: { subprotocol, user, headers: pairs(headers), attachment: packed } };
}

function refused({ refuse, headers, body = '' }) {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new TypeError('onUpgrade: `body` is a string or a Uint8Array');
  return { tag: 'refuse', val: { status: refuse, headers: pairs(headers), body } };
}

/** Returns the pairs of headers that are an object, or iterable: an array of pairs, a Map or `Headers`. */
function pairs(headers = {}) {
  const all = typeof headers[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers);
  return all.map(([name, value]) => [String(name), String(value)]);
}
