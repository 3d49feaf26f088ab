// Shows values as text for the log, much as Node.js does.

import { inSources } from '../positions.js';

const DEEPEST = 4;
const MOST_ENTRIES = 100;
const MOST_TEXT = 10_000;

/** The texts of the arguments of a `console` function, joined; `%s` and its like in the first one are filled in. */
export function formatted(values) {
  const rest = [...values];
  let text = '';
  if (typeof rest[0] === 'string') text = filled(rest.shift(), rest);
  else if (rest.length > 0) text = inspect(rest.shift());
  return [text, ...rest.map((value) => (typeof value === 'string' ? value : inspect(value)))].join(' ');
}

function filled(format, rest) {
  return format.replace(/%[sdifjoOc%]/g, (mark) => {
    if (mark === '%%') return '%';
    if (rest.length === 0) return mark;
    const value = rest.shift();
    switch (mark) {
      case '%s': return typeof value === 'object' && value !== null ? inspect(value, 1) : shown(value);
      case '%d': return typeof value === 'object' || typeof value === 'symbol' ? 'NaN' : shown(typeof value === 'bigint' ? value : Number(value));
      case '%i': return typeof value === 'object' || typeof value === 'symbol' ? 'NaN' : shown(typeof value === 'bigint' ? value : Number.parseInt(value, 10));
      case '%f': return typeof value === 'symbol' ? 'NaN' : shown(Number.parseFloat(value));
      case '%j': return JSON.stringify(value) ?? 'undefined';
      case '%c': return '';
      default: return inspect(value);
    }
  });
}

/** Shows a value. Objects are shown down to `depth` levels. */
export function inspect(value, depth = DEEPEST, seen = []) {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'function') return named(value);
  if (typeof value !== 'object' || value === null) return shown(value);
  if (seen.includes(value)) return '[Circular]';
  try {
    return object(value, depth, [...seen, value]);
  } catch (error) {
    return `[${tagOf(value)}, which cannot be shown: ${error}]`;
  }
}

function shown(value) {
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

function quoted(text) {
  const part = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text;
  const quote = part.includes("'") && !part.includes('"') ? '"' : "'";
  const escaped = JSON.stringify(part).slice(1, -1).replaceAll('\\"', '"');
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function named(value) {
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'Function';
  return value.name ? `[${kind} ${value.name}]` : `[${kind}]`;
}

/** Formats an error with its stack, its cause and its other properties. */
export function error(value, depth = DEEPEST, seen = [value]) {
  const name = String(value.name ?? 'Error');
  const head = value.message ? `${name}: ${value.message}` : name;
  const stack = value.stack ? `\n${inSources(String(value.stack).trimEnd())}` : '';
  const own = Object.keys(value).filter((key) => key !== 'stack' && key !== 'message' && key !== 'payload');
  const more = own.length > 0 ? ` ${entries(own.map((key) => `${key}: ${inspect(value[key], depth - 1, seen)}`), '{', '}')}` : '';
  const inner = (text) => text.replaceAll('\n', '\n  ');
  const cause = value.cause === undefined ? '' : `\ncaused by: ${inner(below(value.cause, depth, seen))}`;
  const several = Array.isArray(value.errors) ? value.errors.map((one) => `\n- ${inner(below(one, depth, seen))}`).join('') : '';
  return `${head}${stack}${more}${cause}${several}`;
}

function below(value, depth, seen) {
  return depth < 1 ? '...' : inspect(value, depth - 1, seen);
}

function object(value, depth, seen) {
  if (value instanceof Error) return error(value, depth, seen);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return 'Promise {}';
  const inner = (part) => inspect(part, depth - 1, seen);
  const tag = tagOf(value);
  if (depth < 0) return `[${tag}]`;
  if (Array.isArray(value)) return array(value, inner);
  const label = tag === 'Object' ? '' : `${tag} `;
  if (value instanceof Map) {
    return `Map(${value.size}) ${entries(first(value).map(([key, its]) => `${inner(key)} => ${inner(its)}`), '{', '}', value.size)}`;
  }
  if (value instanceof Set) return `Set(${value.size}) ${entries(first(value).map(inner), '{', '}', value.size)}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer { byteLength: ${value.byteLength} }`;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `${tag}(${value.length}) ${entries(first(value).map(shown), '[', ']', value.length)}`;
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return `[${tag}: ${inspect(value.valueOf())}]`;
  return label + entries(properties(value, inner), '{', '}');
}

function array(value, inner) {
  const parts = [];
  for (let index = 0; index < Math.min(value.length, MOST_ENTRIES); index += 1) {
    parts.push(index in value ? inner(value[index]) : '<empty>');
  }
  return entries(parts, '[', ']', value.length);
}

function properties(value, inner) {
  return Reflect.ownKeys(value)
    .map((key) => [key, Object.getOwnPropertyDescriptor(value, key)])
    .filter(([, property]) => property?.enumerable)
    .map(([key, property]) => {
      const name = typeof key === 'symbol' ? `[${String(key)}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
      const kinds = [property.get && 'Getter', property.set && 'Setter'].filter(Boolean);
      return `${name}: ${kinds.length > 0 ? `[${kinds.join('/')}]` : inner(property.value)}`;
    });
}

function first(values) {
  const some = [];
  for (const value of values) {
    if (some.length === MOST_ENTRIES) break;
    some.push(value);
  }
  return some;
}

function entries(parts, open, close, count = parts.length) {
  const listed = count > parts.length ? [...parts, `... ${count - parts.length} more`] : parts;
  if (listed.length === 0) return open + close;
  return open === '[' ? `[ ${listed.join(', ')} ]` : `{ ${listed.join(', ')} }`;
}

function tagOf(value) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return '[Object: null prototype]';
  return value[Symbol.toStringTag] || prototype.constructor?.name || 'Object';
}
