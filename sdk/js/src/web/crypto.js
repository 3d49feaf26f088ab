// crypto, by the Web Cryptography API: random numbers of the host. `crypto-subtle.js` adds its `subtle`.

import { random } from '../random.js';
import { bytesOf } from './bytes.js';
import { DOMException } from './exception.js';

const make = Symbol('make');

const MOST_RANDOM = 65536;

const INTEGERS = new Set([
  'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array',
]);

const kindOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;

export class Crypto {
  constructor(key = undefined) {
    if (key !== make) throw new TypeError('Illegal constructor');
  }

  getRandomValues(array) {
    if (!INTEGERS.has(kindOf.call(array))) throw new DOMException('random values fill an array of integers', 'TypeMismatchError');
    if (array.byteLength > MOST_RANDOM) {
      throw new DOMException(`at most ${MOST_RANDOM} random bytes come at a time`, 'QuotaExceededError');
    }
    bytesOf(array).set(random(array.byteLength));
    return array;
  }

  randomUUID() {
    const bytes = random(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = bytes.toHex();
    return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => hex.slice(from, to)).join('-');
  }

  get [Symbol.toStringTag]() {
    return 'Crypto';
  }
}

export const crypto = new Crypto(make);
