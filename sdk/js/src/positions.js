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
 * Translates the frames that match `frame`, whose groups are line and column, both from 1. The mappings are those of
 * a source map, with absolute numbers at the begin of each line. `sources` are the paths of the files; a file
 * of the SDK has an empty one, and its frames are left out, unless the stack has no other.
 */
export function translated(stack, frame, { mappings, sources }, known = new Map()) {
  const frames = stack.split('\n').map((text) => ({ text, match: frame.exec(text) }));
  const unknown = frames.map(({ match }) => match).filter((match) => match && !known.has(key(match)));
  if (unknown.length > 0) {
    // In the order of the lines, the mappings are passed once.
    let from = { line: 1, at: 0 };
    for (const match of unknown.sort(([, one], [, other]) => one - other)) {
      from = beginOf(Number(match[1]), mappings, from);
      known.set(key(match), lookUp(match[2] - 1, mappings, from.at));
    }
  }
  const lines = [];
  for (const { text, match } of frames) {
    const found = match && known.get(key(match));
    if (!match) lines.push(text);
    // Code that esbuild adds comes from no source.
    else if (found && sources[found.source]) lines.push(text.replace(match[0], `(${sources[found.source]}:${found.line}:${found.column})`));
  }
  return lines.some((line) => line.includes('(') && !line.includes('(native)')) ? lines.join('\n') : stack;
}

function key([, line, column]) {
  return `${line}:${column}`;
}

/** Finds the first mapping of a line. */
function beginOf(line, mappings, from) {
  let { line: passed, at } = from;
  for (; passed < line && at >= 0; passed += 1) at = mappings.indexOf(';', at) + 1 || -1;
  return { line: passed, at };
}

/** Finds where a column came from, in the mappings of its line, which begin at `begin` with absolute numbers. */
function lookUp(column, mappings, begin) {
  if (begin < 0) return undefined;
  const end = mappings.indexOf(';', begin);
  const now = [0, 0, 0, 0];
  let found;
  for (const segment of mappings.slice(begin, end < 0 ? undefined : end).split(',')) {
    const deltas = numbers(segment);
    deltas.forEach((delta, field) => (now[field] += delta));
    if (now[0] > column) break;
    if (deltas.length > 1) found = { source: now[1], line: now[2] + 1, column: now[3] + 1 };
  }
  return found;
}

export const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Decodes the numbers of one segment: base 64, five bits a digit, the sixth if more follow; the lowest bit is the sign. */
export function numbers(segment) {
  const found = [];
  let [value, shift] = [0, 0];
  for (const letter of segment) {
    const digit = DIGITS.indexOf(letter);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    found.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return found;
}
