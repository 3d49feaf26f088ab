// Runs a handler to the end of its event, in a test: Node.js runs the jobs of promises.

import { asked } from '../../answer.js';
import { there } from './bridge.js';

/** As `run` of the engine, but asynchronous. */
export async function run(handle, { ended, failed, late = failed }) {
  try {
    const outcome = asked(handle, late);
    await there().settled();
    return ended(outcome());
  } catch (error) {
    return failed(error);
  }
}
