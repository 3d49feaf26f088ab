// SubtleCrypto, of the Web Cryptography API.

import { digest } from 'ws-host:engine';

import { bytesOf } from './bytes.js';
import { check, CryptoKey } from './crypto-key.js';
import { DOMException } from './exception.js';
import { hashOf, nameOf, one, unsupported } from './hashes.js';
import { HMAC } from './hmac.js';
import { ECDSA, Ed25519, PKCS1, PSS } from './public-keys.js';

export const make = Symbol('make');

/** Algorithms with keys, and their operations. */
const ALGORITHMS = { HMAC, ECDSA, Ed25519, 'RSASSA-PKCS1-v1_5': PKCS1, 'RSA-PSS': PSS };

const FORMATS = ['raw', 'pkcs8', 'spki', 'jwk'];

export class SubtleCrypto {
  constructor(key = undefined) {
    if (key !== make) throw new TypeError('Illegal constructor');
  }

  async digest(algorithm, data) {
    takes(arguments, 2);
    return digest(hashOf(algorithm), bytesOf(data)).buffer;
  }

  async importKey(format, data, algorithm, extractable, usages) {
    takes(arguments, 5);
    const its = operation('importKey', algorithm);
    if (!FORMATS.includes(format)) throw new TypeError(`a key's format is one of ${FORMATS.join(', ')}, not ${format}`);
    const isBytes = ArrayBuffer.isView(data) || data instanceof ArrayBuffer;
    if (typeof data !== 'object' || data === null || isBytes === (format === 'jwk')) {
      throw new TypeError(`a key of the format ${format} is ${format === 'jwk' ? 'an object' : 'an ArrayBuffer or a view of one'}`);
    }
    const key = its(format, data, detailsOf(algorithm), Boolean(extractable), [...usages]);
    if (key.type !== 'public' && key.usages.length === 0) throw useless();
    return key;
  }

  async generateKey(algorithm, extractable, usages) {
    takes(arguments, 3);
    const key = operation('generateKey', algorithm)(detailsOf(algorithm), Boolean(extractable), [...usages]);
    if (key.usages.length === 0) throw useless();
    return key;
  }

  async exportKey(format, key) {
    takes(arguments, 2);
    if (!(key instanceof CryptoKey)) throw new TypeError('the key is a CryptoKey');
    if (!FORMATS.includes(format)) throw new TypeError(`a key's format is one of ${FORMATS.join(', ')}, not ${format}`);
    const its = operation('exportKey', key.algorithm);
    if (!key.extractable) throw new DOMException('the key must not be exported', 'InvalidAccessError');
    return its(format, key);
  }

  async sign(algorithm, key, data) {
    takes(arguments, 3);
    return used('sign', algorithm, key, [data]);
  }

  async verify(algorithm, key, signature, data) {
    takes(arguments, 4);
    return used('verify', algorithm, key, [signature, data]);
  }

  get [Symbol.toStringTag]() {
    return 'SubtleCrypto';
  }
}

// They exist for no algorithm, and refuse with the error by which packages know that.
for (const name of ['encrypt', 'decrypt', 'deriveBits', 'deriveKey', 'wrapKey', 'unwrapKey']) {
  const refuse = { async [name](algorithm) { return operation(name, algorithm); } }[name];
  Object.defineProperty(SubtleCrypto.prototype, name, { value: refuse, writable: true, configurable: true });
}

function used(name, algorithm, key, details) {
  const its = operation(name, algorithm);
  check(key, one(ALGORITHMS, nameOf(algorithm)), name);
  return its(detailsOf(algorithm), key, ...details);
}

function operation(name, algorithm) {
  const its = ALGORITHMS[one(ALGORITHMS, nameOf(algorithm))];
  if (!its[name]) throw unsupported(`${name} of ${nameOf(algorithm)}`);
  return its[name];
}

function detailsOf(algorithm) {
  return typeof algorithm === 'object' ? algorithm : {};
}

function takes(given, count) {
  if (given.length < count) throw new TypeError(`${count} arguments are required, and ${given.length} were given`);
}

function useless() {
  return new DOMException('a key has usages', 'SyntaxError');
}
