// console, by the Console Standard: `log`, `info` and `debug` write to the host's log at level info, `warn` and `error` at level warn.

import { print, warn } from '../output.js';
import { inSources } from '../positions.js';
import { formatted, inspect } from './inspect.js';

const counts = new Map();
const times = new Map();
let indent = '';

function told(write, values) {
  write(formatted(values).replace(/^/gm, indent));
}

function elapsed(label) {
  const started = times.get(label);
  return started === undefined ? undefined : `${label}: ${(performance.now() - started).toFixed(3)}ms`;
}

export const console = {
  log: (...values) => told(print, values),
  info: (...values) => told(print, values),
  debug: (...values) => told(print, values),
  warn: (...values) => told(warn, values),
  error: (...values) => told(warn, values),

  assert(condition = false, ...values) {
    if (condition) return;
    if (typeof values[0] === 'string') values[0] = `Assertion failed: ${values[0]}`;
    else values.unshift('Assertion failed');
    told(warn, values);
  },

  clear() {},

  count(label = 'default') {
    const count = (counts.get(`${label}`) ?? 0) + 1;
    counts.set(`${label}`, count);
    told(print, [`${label}: ${count}`]);
  },

  countReset(label = 'default') {
    if (!counts.delete(`${label}`)) told(warn, [`Count for '${label}' does not exist`]);
  },

  dir(value) {
    told(print, [inspect(value)]);
  },

  dirxml(...values) {
    told(print, values);
  },

  group(...values) {
    if (values.length > 0) told(print, values);
    indent += '  ';
  },

  groupCollapsed(...values) {
    console.group(...values);
  },

  groupEnd() {
    indent = indent.slice(2);
  },

  table(data, columns = undefined) {
    told(print, [typeof data === 'object' && data !== null ? table(data, columns) : formatted([data])]);
  },

  time(label = 'default') {
    if (times.has(`${label}`)) told(warn, [`Timer '${label}' already exists`]);
    else times.set(`${label}`, performance.now());
  },

  timeLog(label = 'default', ...values) {
    const time = elapsed(`${label}`);
    if (time) told(print, [time, ...values]);
    else told(warn, [`Timer '${label}' does not exist`]);
  },

  timeEnd(label = 'default') {
    const time = elapsed(`${label}`);
    if (time) told(print, [time]);
    else told(warn, [`Timer '${label}' does not exist`]);
    times.delete(`${label}`);
  },

  trace(...values) {
    const stack = new Error().stack.trimEnd().split('\n').slice(1).join('\n');
    told(warn, [`Trace${values.length > 0 ? `: ${formatted(values)}` : ''}\n${inSources(stack)}`]);
  },
};

/** Shows rows in columns, with the keys of the rows in the first one. */
function table(data, columns) {
  const rows = data instanceof Map ? [...data] : Object.entries(data);
  const isObject = (row) => typeof row === 'object' && row !== null;
  const keys = columns ?? [...new Set(rows.flatMap(([, row]) => (isObject(row) ? Object.keys(row) : [])))];
  const hasValues = rows.some(([, row]) => !isObject(row));
  const head = ['(index)', ...keys, ...(hasValues ? ['Values'] : [])];
  const body = rows.map(([name, row]) => [
    String(name),
    ...keys.map((key) => (isObject(row) && key in row ? inspect(row[key], 0) : '')),
    ...(hasValues ? [isObject(row) ? '' : inspect(row)] : []),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join(' | ').trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('-|-'), ...body.map(line)].join('\n');
}
