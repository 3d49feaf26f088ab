// The clock of the instance. The room of a test has another one, which the test advances.

import { isRunning } from './phase.js';

/** The engine's own `performance`, whose time begins in the build. */
const engine = globalThis.performance;

/** The engine's time and the date when the instance began. */
let origin;

/** Returns the milliseconds since the instance began. While the module loads, in the build, no time passes. */
export function now() {
  return isRunning() ? engine.now() - begun().time : 0;
}

/** Returns the date of the time 0. */
export function date() {
  return isRunning() ? begun().date : 0;
}

function begun() {
  return (origin ??= { time: engine.now(), date: Date.now() });
}
