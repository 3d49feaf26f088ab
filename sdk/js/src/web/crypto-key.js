// CryptoKey, of the Web Cryptography API.

import { DOMException } from './exception.js';

const make = Symbol('make');

let materialOf;

export class CryptoKey {
  #material;
  #type;
  #algorithm;
  #extractable;
  #usages;

  constructor(key = undefined, { type, algorithm, extractable, usages, material } = {}) {
    if (key !== make) throw new TypeError('Illegal constructor');
    this.#material = material;
    this.#type = type;
    this.#algorithm = algorithm;
    this.#extractable = extractable;
    this.#usages = usages;
  }

  get type() {
    return this.#type;
  }

  get algorithm() {
    return this.#algorithm;
  }

  get extractable() {
    return this.#extractable;
  }

  get usages() {
    return this.#usages;
  }

  get [Symbol.toStringTag]() {
    return 'CryptoKey';
  }

  static {
    materialOf = (key) => key.#material;
  }
}

/** Makes a key. `material` is for the algorithm, and no code outside sees it. */
export function made(details) {
  return new CryptoKey(make, details);
}

/** Returns the `material` of a key. */
export { materialOf };

/** Returns the usages without repetitions. Throws if the algorithm has no such usage. */
export function usagesOf(given, allowed, name) {
  const usages = [...new Set(given)];
  const wrong = usages.find((usage) => !allowed.includes(usage));
  if (wrong !== undefined) throw new DOMException(`a key for ${name} cannot be for this: ${wrong}`, 'SyntaxError');
  return usages;
}

/** Throws if the key cannot be used like that. */
export function check(key, name, usage) {
  if (!(key instanceof CryptoKey)) throw new TypeError('the key is a CryptoKey');
  if (key.algorithm.name !== name) throw new DOMException(`the key is for ${key.algorithm.name}, not ${name}`, 'InvalidAccessError');
  if (!key.usages.includes(usage)) throw new DOMException(`the key is not for this: ${usage}`, 'InvalidAccessError');
}

/** Throws if a JSON Web Key (RFC 7517) does not say what the caller says. */
export function checkJwk(jwk, { kty, alg, use, extractable, usages }) {
  const wrong = (why) => new DOMException(`the JSON Web Key ${why}`, 'DataError');
  if (jwk.kty !== kty) throw wrong(`has the kty ${jwk.kty}, not ${kty}`);
  if (jwk.use !== undefined && jwk.use !== use) throw wrong(`has the use ${jwk.use}, not ${use}`);
  if (jwk.key_ops !== undefined) {
    const operations = [...jwk.key_ops];
    if (new Set(operations).size < operations.length) throw wrong('repeats one of its key_ops');
    const missing = usages.find((usage) => !operations.includes(usage));
    if (missing !== undefined) throw wrong(`has key_ops without ${missing}`);
  }
  if (jwk.ext === false && extractable) throw wrong('must not be extractable');
  if (jwk.alg !== undefined && alg !== undefined && jwk.alg !== alg) throw wrong(`is for ${jwk.alg}, not ${alg}`);
}

/** Returns the bytes of a member of a JSON Web Key. */
export function jwkBytes(jwk, member) {
  try {
    return Uint8Array.fromBase64(jwk[member], { alphabet: 'base64url' });
  } catch {
    throw new DOMException(`the JSON Web Key has no ${member} in base64url`, 'DataError');
  }
}

/** Returns bytes as they stand in a JSON Web Key. */
export function jwkText(bytes) {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}
