// The hashes of the Web Cryptography API, and the names of algorithms.

import { DOMException } from './exception.js';

/** The sizes of the hashes' blocks in bits, which are the lengths of generated keys for HMAC. */
export const BLOCKS = { 'SHA-1': 512, 'SHA-256': 512, 'SHA-384': 1024, 'SHA-512': 1024 };

/** Returns the name of a hash, given as a name or as an object with it. */
export function hashOf(given) {
  if (given === undefined) throw new TypeError('the algorithm has a hash');
  return one(BLOCKS, nameOf(given));
}

/** Returns the one of the names in `known` that is meant, whatever the case of its letters. */
export function one(known, name) {
  const found = Object.keys(known).find((other) => other.toUpperCase() === name.toUpperCase());
  if (found === undefined) throw unsupported(name);
  return found;
}

/** Returns the name of an algorithm as it was given. */
export function nameOf(algorithm) {
  if (typeof algorithm !== 'object' || algorithm === null) return String(algorithm);
  if (algorithm.name === undefined) throw new TypeError('the algorithm has a name');
  return String(algorithm.name);
}

const HAS = 'the hashes SHA-1, SHA-256, SHA-384 and SHA-512, HMAC, and `verify` of RSASSA-PKCS1-v1_5, RSA-PSS, ECDSA (P-256, P-384) and Ed25519';

export function unsupported(what) {
  return new DOMException(`a guest has no ${what}; SubtleCrypto has ${HAS}`, 'NotSupportedError');
}
