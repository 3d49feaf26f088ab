// Globals that QuickJS lacks: console, process, TextEncoder, TextDecoder, crypto, and random numbers that differ between instances.
// The build imports this before the application.

import './process.js';

import { describe, print, warn } from './output.js';
import { fraction, random } from './random.js';
import { decode, encode } from './text.js';

globalThis.console = {
  log: (...values) => print(line(values)),
  info: (...values) => print(line(values)),
  debug: (...values) => print(line(values)),
  warn: (...values) => warn(line(values)),
  error: (...values) => warn(line(values)),
};

globalThis.TextEncoder = class TextEncoder {
  encoding = 'utf-8';

  encode(text = '') {
    return encode(String(text));
  }
};

globalThis.TextDecoder = class TextDecoder {
  encoding = 'utf-8';

  constructor(label = 'utf-8', { fatal = false } = {}) {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`TextDecoder supports only utf-8, not ${label}`);
    this.fatal = fatal;
  }

  decode(bytes = new Uint8Array()) {
    const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
    return decode(view, this.fatal);
  }
};

globalThis.crypto = {
  getRandomValues(array) {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(random(array.byteLength));
    return array;
  },

  randomUUID() {
    const bytes = random(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => hex.slice(from, to)).join('-');
  },
};

Math.random = fraction;

for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket', 'require']) {
  globalThis[name] = () => {
    const instead = name.startsWith('set') ? ': use room.setTimer(ms, payload) and onTimer(payload), which outlive a swap' : '';
    throw new Error(`a guest has no ${name}${instead}`);
  };
}

function line(values) {
  return values.map(show).join(' ');
}

function show(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return describe(value);
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value, plain);
  } catch {
    return String(value);
  }
}

function plain(_key, value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set || ArrayBuffer.isView(value)) return Array.from(value);
  return value;
}
