// Splits a source of bytes into two, for a body and its clone.

/** Returns two sources. Each piece is read once, and waits for the one that has not asked for it. */
export function split(source) {
  const ends = [end(), end()];
  let reading;

  /** Reads one piece for both. */
  function more() {
    reading ??= source.read().then(
      (piece) => {
        reading = undefined;
        for (const each of ends) each.isGone || each.pieces.push(piece?.slice());
      },
      (error) => {
        for (const each of ends) each.error = { error };
      },
    );
    return reading;
  }

  return ends.map((own) => ({
    async read() {
      while (own.pieces.length === 0) {
        if (own.error) throw own.error.error;
        await more();
      }
      // The end stays, for a second question.
      return own.pieces[0] ? own.pieces.shift() : undefined;
    },
    async cancel(reason) {
      own.isGone = true;
      own.pieces = [undefined];
      if (ends.every(({ isGone }) => isGone)) await source.cancel(reason);
    },
  }));
}

function end() {
  return { pieces: [], isGone: false, error: undefined };
}
