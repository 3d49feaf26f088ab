// Translates the positions of a stack: from the bundled script to the sources that it was made of.
//
// The build has the same need, for a module that fails while it loads.

/** Under this name the build leaves the table of positions, as the last statement of the script. */
const TABLE = Symbol.for('ws-host-guest.positions');

/** A frame's position in the script, as the engine writes it. */
const FRAME = /\(?[\w:.-]*\buser\.js:(\d+):(\d+)\)?/;

/** Positions that were looked up before, since an error may be logged again and again. */
const known = new Map();

/** Returns a stack of the guest with positions in its sources. */
export function inSources(stack) {
  const table = globalThis[TABLE];
  return table ? translated(stack, FRAME, table, known) : stack;
}

/**
 * Translates the frames that match `frame`, whose groups are line and column, both from 1. `sources` are the paths of the files; a file
 * of the SDK has an empty one, and its frames are left out, unless the stack has no other.
 */
export function translated(stack, frame, { mappings, sources }, known = new Map()) {
  const frames = stack.split('\n').map((text) => ({ text, match: frame.exec(text) }));
  const unknown = frames.map(({ match }) => match).filter((match) => match && !known.has(key(match)));
  if (unknown.length > 0) lookUp(unknown, mappings, known);
  const lines = [];
  for (const { text, match } of frames) {
    const found = match && known.get(key(match));
    if (!found) lines.push(text);
    else if (sources[found.source]) lines.push(text.replace(match[0], `(${sources[found.source]}:${found.line}:${found.column})`));
  }
  return lines.some((line) => line.includes('(') && !line.includes('(native)')) ? lines.join('\n') : stack;
}

function key([, line, column]) {
  return `${line}:${column}`;
}

/** Finds where positions came from, in one pass over the mappings of a source map (ECMA-426, "Mappings structure"). */
function lookUp(matches, mappings, known) {
  const wanted = matches.map((match) => ({ match, line: match[1] - 1, column: match[2] - 1 }));
  const last = Math.max(...wanted.map(({ line }) => line));
  const at = { source: 0, line: 0, column: 0 };
  let [line, column, begin] = [0, 0, 0];
  let asked = wanted.filter((one) => one.line === 0);
  for (let end = 0; end <= mappings.length && line <= last; end += 1) {
    const mark = mappings[end];
    if (mark !== ',' && mark !== ';' && end < mappings.length) continue;
    if (end > begin) {
      const [columns, source, lines, sourceColumns] = numbers(mappings, begin, end);
      column += columns;
      if (source !== undefined) {
        at.source += source;
        at.line += lines;
        at.column += sourceColumns;
        for (const one of asked) if (column <= one.column) one.found = { source: at.source, line: at.line + 1, column: at.column + 1 };
      }
    }
    begin = end + 1;
    if (mark === ';') {
      line += 1;
      column = 0;
      asked = wanted.filter((one) => one.line === line);
    }
  }
  for (const { match, found } of wanted) known.set(key(match), found);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Decodes the numbers of one segment: base 64, five bits a digit, the sixth if more follow; the lowest bit is the sign. */
function numbers(mappings, begin, end) {
  const found = [];
  let [value, shift] = [0, 0];
  for (let at = begin; at < end; at += 1) {
    const digit = DIGITS.indexOf(mappings[at]);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    found.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return found;
}
