// Public keys of RSA in DER: SubjectPublicKeyInfo (RFC 5280 §4.1) around RSAPublicKey (RFC 8017 §A.1.1).

const [INTEGER, BITS, SEQUENCE] = [0x02, 0x03, 0x30];

/** The AlgorithmIdentifier rsaEncryption. */
const RSA = Uint8Array.fromHex('300d06092a864886f70d0101010500');

/** Returns the modulus and the exponent, or undefined for other bytes. */
export function rsaFromSpki(bytes) {
  const outer = element(bytes, 0, SEQUENCE);
  if (!outer || outer.end !== bytes.length || !RSA.every((byte, index) => byte === bytes[outer.begin + index])) return undefined;
  const bits = element(bytes, outer.begin + RSA.length, BITS);
  // The first byte is the number of bits that do not count.
  if (!bits || bits.end !== outer.end || bytes[bits.begin] !== 0) return undefined;
  const key = element(bytes, bits.begin + 1, SEQUENCE);
  const modulus = key && key.end === bits.end && element(bytes, key.begin, INTEGER);
  const exponent = modulus && element(bytes, modulus.end, INTEGER);
  if (!exponent || exponent.end !== key.end) return undefined;
  return [modulus, exponent].map(({ begin, end }) => bytes.slice(begin, end));
}

/** Returns the SubjectPublicKeyInfo of a modulus and an exponent. */
export function rsaToSpki(numbers) {
  const integers = numbers.map((bytes) => written(INTEGER, bytes[0] & 0x80 ? [0, ...bytes] : bytes));
  return Uint8Array.from(written(SEQUENCE, [...RSA, ...written(BITS, [0, ...written(SEQUENCE, integers.flat())])]));
}

/** Returns where the content of an element begins and ends, or undefined if it is not of this kind, or cut. */
function element(bytes, at, kind) {
  if (bytes[at] !== kind) return undefined;
  let [length, begin] = [bytes[at + 1], at + 2];
  if (length & 0x80) {
    const digits = length & 0x7f;
    if (digits === 0 || digits > 3) return undefined;
    length = bytes.subarray(begin, begin + digits).reduce((number, byte) => number * 256 + byte, 0);
    begin += digits;
  }
  const end = begin + length;
  return end <= bytes.length ? { begin, end } : undefined;
}

function written(kind, content) {
  const length = [];
  for (let rest = content.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
  const head = content.length < 0x80 ? [content.length] : [0x80 | length.length, ...length];
  return [kind, ...head, ...content];
}
