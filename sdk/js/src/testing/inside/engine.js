// The functions that the engine adds to JavaScript, by the means of Node.js.

const encoder = new TextEncoder();

export function encode(text) {
  return encoder.encode(text);
}

export function decode(bytes, fatal) {
  return new TextDecoder('utf-8', { fatal, ignoreBOM: true }).decode(bytes);
}
