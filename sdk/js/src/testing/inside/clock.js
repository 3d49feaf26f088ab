// The clock of an instance in a test, which `Room.wait` advances.

import { maybe } from './bridge.js';

/** Returns the time in milliseconds. */
export function now() {
  return maybe()?.now() ?? 0;
}
