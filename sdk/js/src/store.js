// The store of the room: an ordered map in the host.

import * as host from 'ws-host:server/store@0.2.0';

import { pack, reason, refuse, unpackOwn } from './values.js';

const REFUSALS = {
  'key-too-long': 'a key of the store has at most 512 bytes',
  'value-too-big': 'a value of the store has at most 128 KiB',
  limit: 'one handler writes at most 768 KiB, and makes at most 100,000 changes',
  'room-full': 'the store of this room is full',
  'total-full': 'the stores of all rooms together are full',
  unavailable: 'the host cannot write to its store at present',
};

/** Writes, and throws a RangeError with the contract's name of the error as its `code` if the host refuses. */
function write(call) {
  try {
    call();
  } catch (error) {
    refuse(reason(error), REFUSALS);
    throw error;
  }
}

function textOf(key) {
  if (typeof key !== 'string') throw new TypeError(`a key of the store is a string, not ${typeof key}`);
  return key;
}

/** A value may have no bytes, which is not the same as no value. */
function valueOf(bytes) {
  return bytes?.length === 0 ? bytes : unpackOwn(bytes);
}

export const store = Object.freeze({
  get(key) {
    return valueOf(host.get(textOf(key)));
  },

  getBytes(key) {
    return host.get(textOf(key)) ?? undefined;
  },

  set(key, value) {
    write(() => host.set(textOf(key), pack(value)));
  },

  delete(key) {
    write(() => host.delete(textOf(key)));
  },

  clear() {
    write(() => host.clear());
  },

  list({ prefix = '', after, limit = 1000 } = {}) {
    return Array.from(host.list(prefix, after, limit), ([key, value]) => [key, valueOf(value)]);
  },

  get size() {
    return Number(host.usage().keys);
  },

  get bytes() {
    return Number(host.usage().bytes);
  },
});
