// The answer of a handler, which may be a promise.

/**
 * Calls a handler. Returns a function for the end of the event: it returns the handler's answer as `value` or, while its promise
 * waits for a later event, nothing. It throws what the promise is rejected with. `onLate` is called when the promise is
 * rejected in a later event.
 */
export function asked(handle, onLate) {
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
  return () => {
    isOver = true;
    if (outcome && 'error' in outcome) throw outcome.error;
    return outcome;
  };
}
