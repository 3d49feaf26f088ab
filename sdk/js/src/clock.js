// The clock of the instance. The room of a test has another one, which the test advances.

/** Returns the time in milliseconds. */
export function now() {
  return performance.now();
}
