// Runs a handler to the end of its event, with the jobs of promises.

import { runJobs } from 'ws-host:engine';

import { asked } from './answer.js';
import { describe, warn } from './output.js';

/**
 * Calls a handler and then runs all jobs, so that code behind an `await` belongs to the same event. Returns what `ended` makes of
 * the handler's outcome: its answer as `value` or, while its promise waits for a later event, nothing. If the handler fails, or
 * `ended` does, it returns what `failed` makes of the error. `late` is called when the promise is rejected in a later event.
 *
 * The room of a test has a `run` of its own (`testing/jobs.js`), which returns a promise: Node.js runs the jobs itself.
 */
export function run(handle, { ended, failed, late = failed }) {
  try {
    const outcome = asked(handle, late);
    tellOf(runJobs() ?? [0]);
    return ended(outcome());
  } catch (error) {
    return failed(error);
  }
}

/** Tells of the rejections that no code handles: the reasons of the first ones and, behind them, the number of the others. */
function tellOf(rejections) {
  const others = rejections.pop();
  for (const reason of rejections) warn(`a promise was rejected, and no code handles that: ${describe(reason)}`);
  if (others > 0) warn(`${others} more promises were rejected in the same event, and no code handles that`);
}
