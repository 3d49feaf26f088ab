// Signatures of RSA, ECDSA and Ed25519, of the Web Cryptography API: a guest verifies them with public keys. It has no private keys.

import { digest, isPoint, isRsa, verifyEcdsa, verifyEd25519, verifyPkcs1, verifyPss } from 'ws-host:engine';

import { bytesOf } from './bytes.js';
import { checkJwk, jwkBytes, jwkText, made, materialOf, usagesOf } from './crypto-key.js';
import { DOMException } from './exception.js';
import { hashOf, unsupported } from './hashes.js';
import { rsaFromSpki, rsaToSpki } from './spki.js';

/** Each curve, with the bytes of a coordinate, its algorithm of RFC 7518, and the bytes of SubjectPublicKeyInfo (RFC 5480, RFC 8410) before a key. */
const CURVES = {
  'P-256': { size: 32, alg: 'ES256', head: Uint8Array.fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') },
  'P-384': { size: 48, alg: 'ES384', head: Uint8Array.fromHex('3076301006072a8648ce3d020106052b81040022036200') },
  Ed25519: { head: Uint8Array.fromHex('302a300506032b6570032100') },
};

/** The first byte of an uncompressed point (SEC 1 §2.3.3). */
const UNCOMPRESSED = 4;

export const ECDSA = {
  importKey(format, data, { namedCurve: curve }, extractable, given) {
    const known = CURVES[curve];
    if (!known?.size) throw unsupported(`curve ${curve}`);
    const usages = verifying(format, data, given, 'ECDSA');
    const material = format === 'jwk' ? pointOfJwk(data, curve, known, { extractable, usages }) : pointOf(format, data, curve);
    return made({ type: 'public', algorithm: { name: 'ECDSA', namedCurve: curve }, extractable, usages, material });
  },

  exportKey(format, key) {
    const curve = key.algorithm.namedCurve;
    if (format !== 'jwk') return exportedPoint(format, key, curve);
    const { size } = CURVES[curve];
    const [x, y] = [materialOf(key).subarray(1, 1 + size), materialOf(key).subarray(1 + size)];
    return { key_ops: [...key.usages], ext: true, kty: 'EC', x: jwkText(x), y: jwkText(y), crv: curve };
  },

  verify({ hash }, key, signature, data) {
    return verifyEcdsa(key.algorithm.namedCurve, materialOf(key), bytesOf(signature), digest(hashOf(hash), bytesOf(data)));
  },
};

export const Ed25519 = {
  importKey(format, data, _algorithm, extractable, given) {
    const usages = verifying(format, data, given, 'Ed25519');
    let material;
    if (format === 'jwk') {
      checkJwk(data, { kty: 'OKP', use: 'sig', extractable, usages });
      if (data.crv !== 'Ed25519') throw wrong(`the JSON Web Key is of the curve ${data.crv}, not Ed25519`);
      if (![undefined, 'EdDSA', 'Ed25519'].includes(data.alg)) throw wrong(`the JSON Web Key is for ${data.alg}, not EdDSA`);
      material = checked('Ed25519', jwkBytes(data, 'x'));
    } else {
      material = pointOf(format, data, 'Ed25519');
    }
    return made({ type: 'public', algorithm: { name: 'Ed25519' }, extractable, usages, material });
  },

  exportKey(format, key) {
    if (format !== 'jwk') return exportedPoint(format, key, 'Ed25519');
    return { key_ops: [...key.usages], ext: true, kty: 'OKP', x: jwkText(materialOf(key)), crv: 'Ed25519', alg: 'Ed25519' };
  },

  verify(_algorithm, key, signature, data) {
    return verifyEd25519(materialOf(key), bytesOf(signature), bytesOf(data));
  },
};

export const PKCS1 = rsa('RSASSA-PKCS1-v1_5', 'RS', (_algorithm, ...details) => verifyPkcs1(...details));
export const PSS = rsa('RSA-PSS', 'PS', ({ saltLength }, hash, ...details) => verifyPss(hash, Number(saltLength), ...details));

/** The two algorithms of RSA. The material of their keys is the modulus and the exponent. */
function rsa(name, alg, verify) {
  const algOf = (hash) => `${alg}${hash === 'SHA-1' ? '1' : hash.slice(4)}`;
  return {
    importKey(format, data, { hash: given }, extractable, wanted) {
      const hash = hashOf(given);
      const usages = verifying(format, data, wanted, name);
      let material;
      if (format === 'spki') {
        material = rsaFromSpki(bytesOf(data));
      } else if (format === 'jwk') {
        checkJwk(data, { kty: 'RSA', use: 'sig', alg: algOf(hash), extractable, usages });
        material = [jwkBytes(data, 'n'), jwkBytes(data, 'e')];
      } else {
        throw unsupported(`keys for ${name} of the format ${format}`);
      }
      material = material?.map(withoutZeros);
      if (!material || !isRsa(material)) throw wrong('it is no public key of RSA of 1,024 to 8,192 bits');
      const [modulus, publicExponent] = material;
      const modulusLength = modulus.length * 8 - Math.clz32(modulus[0]) + 24;
      return made({ type: 'public', algorithm: { name, modulusLength, publicExponent, hash: { name: hash } }, extractable, usages, material });
    },

    exportKey(format, key) {
      if (format === 'spki') return rsaToSpki(materialOf(key)).buffer;
      if (format !== 'jwk') throw unsupported(`keys for ${name} of the format ${format}`);
      const [n, e] = materialOf(key).map(jwkText);
      return { key_ops: [...key.usages], ext: true, kty: 'RSA', n, e, alg: algOf(key.algorithm.hash.name) };
    },

    verify(algorithm, key, signature, data) {
      const hash = key.algorithm.hash.name;
      return verify(algorithm, hash, materialOf(key), bytesOf(signature), digest(hash, bytesOf(data)));
    },
  };
}

/** Returns the usages of a public key. Throws for a private one. */
function verifying(format, data, given, name) {
  if (format === 'pkcs8' || (format === 'jwk' && data.d !== undefined)) throw unsupported(`private keys for ${name}`);
  return usagesOf(given, ['verify'], name);
}

function pointOfJwk(jwk, curve, { size, alg }, { extractable, usages }) {
  checkJwk(jwk, { kty: 'EC', use: 'sig', alg, extractable, usages });
  if (jwk.crv !== curve) throw wrong(`the JSON Web Key is of the curve ${jwk.crv}, not ${curve}`);
  const [x, y] = [jwkBytes(jwk, 'x'), jwkBytes(jwk, 'y')];
  if (x.length !== size || y.length !== size) throw wrong(`a coordinate of ${curve} has ${size} bytes`);
  return checked(curve, Uint8Array.of(UNCOMPRESSED, ...x, ...y));
}

function pointOf(format, data, curve) {
  const bytes = bytesOf(data).slice();
  if (format === 'raw') return checked(curve, bytes);
  if (format !== 'spki') throw unsupported(`keys of ${curve} of the format ${format}`);
  const { head } = CURVES[curve];
  if (!head.every((byte, index) => byte === bytes[index])) throw wrong(`it is no public key of ${curve}, or none whose point is uncompressed`);
  return checked(curve, bytes.slice(head.length));
}

function checked(curve, point) {
  const length = curve === 'Ed25519' ? 32 : 1 + 2 * CURVES[curve].size;
  if (point.length !== length || !isPoint(curve, point)) throw wrong(`it is no public key of ${curve}`);
  return point;
}

function exportedPoint(format, key, curve) {
  if (format === 'raw') return materialOf(key).slice().buffer;
  if (format !== 'spki') throw unsupported(`keys of ${curve} of the format ${format}`);
  return Uint8Array.of(...CURVES[curve].head, ...materialOf(key)).buffer;
}

function withoutZeros(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.slice(first < 0 ? bytes.length : first);
}

function wrong(why) {
  return new DOMException(why, 'DataError');
}
