// Random numbers: the host's once a handler runs, and a fixed sequence while the module loads.

import { getRandomBytes } from 'wasi:random/random@0.2.6';

import { isRunning } from './phase.js';

/** The sequence of the build. Its start is fixed, so that the same source gives the same component. */
const loading = generator(Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667));

let running;

/** Returns a number from 0 up to but not including 1, for `Math.random`. */
export function fraction() {
  return word() / 0x1_0000_0000;
}

/** Returns random bytes, for `crypto`. */
export function random(count) {
  if (isRunning()) return getRandomBytes(count);
  return Uint8Array.from({ length: count }, () => word() >>> 24);
}

function word() {
  if (!isRunning()) return loading();
  // The engine seeds its own generator in the build, so every instance would draw the same numbers.
  running ??= generator(new Uint32Array(random(16).buffer));
  return running();
}

/** xorshift128, by Marsaglia. */
function generator(bits) {
  return () => {
    let last = bits[3];
    last ^= last << 11;
    last ^= last >>> 8;
    bits.copyWithin(1, 0, 3);
    bits[0] = last ^ bits[1] ^ (bits[1] >>> 19);
    return bits[0];
  };
}
