// Tells the time of the handlers from the time before: the module loads in the build, where it has no host.

let running = false;

/** Called when the first handler runs. */
export function begin() {
  running = true;
}

/** Whether a handler has run in this instance. */
export function isRunning() {
  return running;
}
