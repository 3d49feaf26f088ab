// Encodes and decodes UTF-8: QuickJS has neither TextEncoder nor TextDecoder.

/** Encodes a string in UTF-8. A lone surrogate becomes U+FFFD, as in browsers. */
export function encode(text) {
  const bytes = new Uint8Array(text.length * 3);
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    let code = text.charCodeAt(at);
    if (code < 0x80) {
      bytes[end++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) {
      code = text.codePointAt(at);
      if (code > 0xffff) at += 1;
      else code = 0xfffd;
    }
    if (code > 0xffff) {
      bytes[end++] = 0xf0 | (code >> 18);
      bytes[end++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
    } else if (code > 0x7ff) {
      bytes[end++] = 0xe0 | (code >> 12);
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
    } else {
      bytes[end++] = 0xc0 | (code >> 6);
    }
    bytes[end++] = 0x80 | (code & 0x3f);
  }
  return bytes.slice(0, end);
}

// For each kind of first byte: its marker bits, the number of bytes that follow, and the smallest code point of this length.
const LEADS = [
  { mask: 0xe0, lead: 0xc0, follow: 1, least: 0x80 },
  { mask: 0xf0, lead: 0xe0, follow: 2, least: 0x800 },
  { mask: 0xf8, lead: 0xf0, follow: 3, least: 0x10000 },
];

/** Decodes UTF-8. Invalid bytes become U+FFFD or, if `fatal`, throw a TypeError. */
export function decode(bytes, fatal = false) {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const [code, length] = character(bytes, at);
    if (code < 0 && fatal) throw new TypeError('the bytes are not UTF-8');
    text += String.fromCodePoint(code < 0 ? 0xfffd : code);
    at += length;
  }
  return text;
}

/** Returns the code point that begins at `at`, or -1 if it is invalid, and its length in bytes. */
function character(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return [first, 1];
  const kind = LEADS.find(({ mask, lead }) => (first & mask) === lead);
  if (!kind) return [-1, 1];
  let code = first & ~kind.mask & 0xff;
  for (let step = 1; step <= kind.follow; step += 1) {
    const next = bytes[at + step];
    if (next === undefined || (next & 0xc0) !== 0x80) return [-1, step];
    code = (code << 6) | (next & 0x3f);
  }
  const none = code < kind.least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
  return [none ? -1 : code, kind.follow + 1];
}
