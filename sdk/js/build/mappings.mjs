// Makes the mappings of a source map readable from any line on: those of the standard count on from the line before.

import { DIGITS, numbers } from '../src/positions.js';

/**
 * Returns mappings (ECMA-426, "Mappings structure") whose first segment of each line has absolute numbers. Of neighbours from
 * sources that are left out, by their index, the first is enough.
 */
export function absoluteLines(mappings, isLeftOut = () => false) {
  const now = [0, 0, 0, 0];
  return mappings.split(';').map((line) => {
    if (!line) return line;
    now[0] = 0;
    let written = [0, 0, 0, 0];
    let wasLeftOut = false;
    const segments = line.split(',').flatMap((segment) => {
      const deltas = numbers(segment).slice(0, 4);
      deltas.forEach((delta, field) => (now[field] += delta));
      const fields = now.slice(0, deltas.length);
      const repeats = wasLeftOut;
      wasLeftOut = fields.length > 1 && isLeftOut(fields[1]);
      if (repeats && wasLeftOut) return [];
      const text = fields.map((value, field) => encoded(value - written[field])).join('');
      written = [...fields, ...written.slice(fields.length)];
      return [text];
    });
    return segments.join(',');
  }).join(';');
}

function encoded(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
