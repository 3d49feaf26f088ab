// Runs the jobs of promises at the end of each event.

import { runJobs } from 'ws-host:engine';

import { describe, warn } from './output.js';

/**
 * Calls a handler and then runs all jobs, so that code behind an `await` belongs to the same event. Returns the handler's
 * answer as `value` or, while its promise waits for a later event, nothing. Throws what the handler throws, and what its
 * promise is rejected with. `onLate` is called when the promise is rejected in a later event.
 */
export function run(handle, onLate) {
  const answer = handle();
  let outcome = { value: answer };
  let isOver = false;
  if (typeof answer?.then === 'function') {
    outcome = undefined;
    Promise.resolve(answer).then(
      (value) => (outcome = { value }),
      (error) => (isOver ? onLate(error) : (outcome = { error })),
    );
  }
  drain();
  isOver = true;
  if (outcome && 'error' in outcome) throw outcome.error;
  return outcome;
}

/** Runs all jobs, and tells of rejections that no code handles. */
export function drain() {
  for (const reason of runJobs() ?? []) warn(`a promise was rejected, and no code handles that: ${describe(reason)}`);
}
