// crypto: random numbers of the host, and of SubtleCrypto hashes and HMAC.

import { digest, hmac } from 'ws-host:engine';

import { random } from '../random.js';
import { bytesOf } from './bytes.js';
import { DOMException } from './exception.js';

/** The sizes of the hashes' blocks in bits, which are the lengths of generated keys. */
const BLOCKS = { 'SHA-1': 512, 'SHA-256': 512, 'SHA-384': 1024, 'SHA-512': 1024 };

const MOST_RANDOM = 65536;

export const crypto = {
  getRandomValues(array) {
    if (!ArrayBuffer.isView(array) || array instanceof DataView || /^Float/.test(array.constructor.name)) {
      throw new DOMException('random values fill an array of integers', 'TypeMismatchError');
    }
    if (array.byteLength > MOST_RANDOM) {
      throw new DOMException(`at most ${MOST_RANDOM} random bytes come at a time`, 'QuotaExceededError');
    }
    bytesOf(array).set(random(array.byteLength));
    return array;
  },

  randomUUID() {
    const bytes = random(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = bytes.toHex();
    return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => hex.slice(from, to)).join('-');
  },
};

export class CryptoKey {
  #bytes;

  constructor(algorithm, bytes, extractable, usages) {
    this.type = 'secret';
    this.algorithm = algorithm;
    this.extractable = extractable;
    this.usages = usages;
    this.#bytes = bytes;
  }

  static bytesOf(key) {
    return key.#bytes;
  }
}

const secret = CryptoKey.bytesOf;
delete CryptoKey.bytesOf;

crypto.subtle = {
  async digest(algorithm, data) {
    return digest(hashOf(algorithm), bytesOf(data).slice()).buffer;
  },

  async importKey(format, data, algorithm, extractable, usages) {
    const { name, hash } = hmacOf(algorithm);
    let bytes;
    if (format === 'raw') bytes = bytesOf(data).slice();
    else if (format === 'jwk' && data?.kty === 'oct') bytes = Uint8Array.fromBase64(data.k, { alphabet: 'base64url' });
    else throw unsupported(`keys of the format ${format}`);
    if (bytes.length === 0) throw new DOMException('the key is empty', 'DataError');
    return made(name, hash, bytes, extractable, usages);
  },

  async generateKey(algorithm, extractable, usages) {
    const { name, hash } = hmacOf(algorithm);
    return made(name, hash, random((algorithm.length ?? BLOCKS[hash]) / 8), extractable, usages);
  },

  async exportKey(format, key) {
    if (!key.extractable) throw new DOMException('the key must not be exported', 'InvalidAccessError');
    if (format === 'raw') return secret(key).slice().buffer;
    if (format !== 'jwk') throw unsupported(`keys of the format ${format}`);
    const k = secret(key).toBase64({ alphabet: 'base64url', omitPadding: true });
    return { kty: 'oct', k, alg: `HS${key.algorithm.hash.name.slice(4)}`, key_ops: [...key.usages], ext: true };
  },

  async sign(algorithm, key, data) {
    return tag(algorithm, key, data, 'sign').buffer;
  },

  async verify(algorithm, key, signature, data) {
    const [right, given] = [tag(algorithm, key, data, 'verify'), bytesOf(signature)];
    if (right.length !== given.length) return false;
    // Each byte is compared, so that the time tells nothing about the right signature.
    return right.reduce((difference, byte, index) => difference | (byte ^ given[index]), 0) === 0;
  },
};

function made(name, hash, bytes, extractable, usages) {
  const wanted = [...usages];
  if (wanted.length === 0) throw new DOMException('a key has usages', 'SyntaxError');
  const wrong = wanted.find((usage) => usage !== 'sign' && usage !== 'verify');
  if (wrong) throw new DOMException(`HMAC has no usage ${wrong}`, 'SyntaxError');
  const algorithm = { name, hash: { name: hash }, length: bytes.length * 8 };
  return new CryptoKey(algorithm, bytes, Boolean(extractable), [...new Set(wanted)]);
}

function tag(algorithm, key, data, usage) {
  if (nameOf(algorithm) !== 'HMAC') throw unsupported(nameOf(algorithm));
  if (!(key instanceof CryptoKey) || !key.usages.includes(usage)) {
    throw new DOMException(`the key is not for this: ${usage}`, 'InvalidAccessError');
  }
  return hmac(key.algorithm.hash.name, secret(key), bytesOf(data).slice());
}

function hmacOf(algorithm) {
  if (nameOf(algorithm) !== 'HMAC') throw unsupported(nameOf(algorithm));
  return { name: 'HMAC', hash: hashOf(algorithm.hash) };
}

function hashOf(algorithm) {
  const name = nameOf(algorithm);
  if (!Object.hasOwn(BLOCKS, name)) throw unsupported(name);
  return name;
}

function nameOf(algorithm) {
  return String(typeof algorithm === 'object' ? algorithm?.name : algorithm).toUpperCase();
}

function unsupported(what) {
  return new DOMException(`a guest has no ${what}; SubtleCrypto has SHA-1, SHA-256, SHA-384, SHA-512 and HMAC`, 'NotSupportedError');
}

