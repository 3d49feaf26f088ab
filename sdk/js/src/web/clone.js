// structuredClone, by the HTML Standard, for the kinds of values that a guest has.

import { copied } from './copied.js';
import { DOMException } from './exception.js';

const BOXED = ['[object Boolean]', '[object Number]', '[object String]', '[object BigInt]'];
const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

export function structuredClone(value, options = undefined) {
  if (arguments.length === 0) throw new TypeError('structuredClone takes a value');
  const transferred = [...(options?.transfer ?? [])];
  const known = new Map();
  if (new Set(transferred).size < transferred.length) throw refused('a buffer is transferred twice');
  for (const buffer of transferred) {
    if (!(buffer instanceof ArrayBuffer) || buffer.detached) throw refused('only buffers that are in use can be transferred');
  }
  // Buffers move after everything was copied: an error must leave them.
  for (const buffer of transferred) known.set(buffer, undefined);
  const moved = new Map();
  const move = (buffer) => moved.get(buffer) ?? (moved.set(buffer, buffer.slice(0)), moved.get(buffer));
  const copy = cloned(value, { known, isMoved: (buffer) => transferred.includes(buffer), move });
  for (const buffer of transferred) buffer.transfer(0);
  return copy;
}

function cloned(value, memory) {
  if (typeof value === 'symbol' || typeof value === 'function') throw refused(`${String(value)} could not be cloned`);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ArrayBuffer && memory.isMoved(value)) return memory.move(value);
  const { known } = memory;
  if (known.has(value)) return known.get(value);
  const copy = shallow(value, memory);
  known.set(value, copy);
  if (value instanceof Map) {
    for (const [key, its] of [...value]) copy.set(cloned(key, memory), cloned(its, memory));
  } else if (value instanceof Set) {
    for (const its of [...value]) copy.add(cloned(its, memory));
  } else if (value instanceof Error) {
    copyError(value, copy, memory);
  } else if (Array.isArray(value) || isPlain(copy)) {
    for (const key of Object.keys(value)) {
      const its = cloned(value[key], memory);
      Object.defineProperty(copy, key, { value: its, writable: true, enumerable: true, configurable: true });
    }
  }
  return copy;
}

/** Returns a new value of the same kind, without the values in it. */
function shallow(value, memory) {
  if (Array.isArray(value)) return new Array(value.length);
  if (typeof value[copied] === 'function') return value[copied]();
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof ArrayBuffer) return buffer(value);
  if (ArrayBuffer.isView(value)) return view(value, memory);
  if (value instanceof DOMException) return new DOMException(value.message, value.name);
  if (value instanceof Error) return new (ERRORS[value.name] ?? Error)(value.message);
  const kind = Object.prototype.toString.call(value);
  if (BOXED.includes(kind)) return Object(value.valueOf());
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof Promise || value instanceof WeakRef) {
    throw refused(`${kind} could not be cloned`);
  }
  return {};
}

function buffer(value) {
  if (value.detached) throw refused('a detached buffer could not be cloned');
  return value.slice(0);
}

function view(value, memory) {
  const whole = cloned(value.buffer, memory);
  if (value instanceof DataView) return new DataView(whole, value.byteOffset, value.byteLength);
  return new value.constructor(whole, value.byteOffset, value.length);
}

function copyError(error, copy, memory) {
  const hidden = (name, value) => Object.defineProperty(copy, name, { value, writable: true, configurable: true });
  if (!(error instanceof DOMException)) hidden('stack', error.stack);
  if (Object.hasOwn(error, 'cause')) hidden('cause', cloned(error.cause, memory));
}

function isPlain(copy) {
  return Object.getPrototypeOf(copy) === Object.prototype;
}

function refused(why) {
  return new DOMException(why, 'DataCloneError');
}
