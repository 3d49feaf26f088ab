// Tells the time of the handlers from the time before: the module loads in the build, where it has no host.

let running = false;

const starts = [];

/** Called when the first handler runs. */
export function begin() {
  running = true;
  for (const run of starts) run();
}

/** Has a function run at the first event of an instance, before its handler. */
export function atBegin(run) {
  starts.push(run);
}

/** Whether a handler has run in this instance. */
export function isRunning() {
  return running;
}
