// HMAC, of the Web Cryptography API.

import { hmac } from 'ws-host:engine';

import { random } from '../random.js';
import { bytesOf } from './bytes.js';
import { checkJwk, jwkBytes, jwkText, made, materialOf, usagesOf } from './crypto-key.js';
import { DOMException } from './exception.js';
import { BLOCKS, hashOf, unsupported } from './hashes.js';

const USAGES = ['sign', 'verify'];

export const HMAC = {
  importKey(format, data, { hash, length }, extractable, given) {
    const name = hashOf(hash);
    const usages = usagesOf(given, USAGES, 'HMAC');
    let bytes;
    if (format === 'raw') bytes = bytesOf(data).slice();
    else if (format === 'jwk') bytes = fromJwk(data, name, extractable, usages);
    else throw unsupported(`keys for HMAC of the format ${format}`);
    if (bytes.length === 0) throw new DOMException('the key is empty', 'DataError');
    const bits = length === undefined ? bytes.length * 8 : Number(length);
    if (Math.ceil(bits / 8) !== bytes.length) throw new DOMException(`the key has not ${bits} bits`, 'DataError');
    return keyOf(name, bytes, bits, extractable, usages);
  },

  generateKey({ hash, length }, extractable, given) {
    const name = hashOf(hash);
    const usages = usagesOf(given, USAGES, 'HMAC');
    const bits = length === undefined ? BLOCKS[name] : Number(length);
    if (!(bits > 0)) throw new DOMException('a key has at least one bit', 'OperationError');
    return keyOf(name, random(Math.ceil(bits / 8)), bits, extractable, usages);
  },

  exportKey(format, key) {
    if (format === 'raw') return materialOf(key).slice().buffer;
    if (format !== 'jwk') throw unsupported(`keys for HMAC of the format ${format}`);
    return { key_ops: [...key.usages], ext: true, kty: 'oct', k: jwkText(materialOf(key)), alg: algOf(key.algorithm.hash.name) };
  },

  sign(_algorithm, key, data) {
    return tag(key, data).buffer;
  },

  verify(_algorithm, key, signature, data) {
    const [right, given] = [tag(key, data), bytesOf(signature)];
    if (right.length !== given.length) return false;
    // Each byte is compared, so that the time tells nothing about the right signature.
    return right.reduce((difference, byte, index) => difference | (byte ^ given[index]), 0) === 0;
  },
};

function tag(key, data) {
  return hmac(key.algorithm.hash.name, materialOf(key), bytesOf(data));
}

function fromJwk(jwk, hash, extractable, usages) {
  checkJwk(jwk, { kty: 'oct', use: 'sig', alg: algOf(hash), extractable, usages });
  return jwkBytes(jwk, 'k');
}

/** The name of JSON Web Algorithms (RFC 7518). */
function algOf(hash) {
  return `HS${hash.slice(4)}`;
}

function keyOf(hash, material, length, extractable, usages) {
  // The bits behind the last one do not count.
  if (length % 8 > 0) material[material.length - 1] &= 0xff << (8 - (length % 8));
  return made({ type: 'secret', algorithm: { name: 'HMAC', hash: { name: hash }, length }, extractable, usages, material });
}
