// Forms as multipart/form-data (RFC 7578), both ways.

import { decode, encode } from 'ws-host:engine';

import { blobBytes } from './blob.js';
import { joined } from './bytes.js';
import { File } from './file.js';
import { FormData } from './form-data.js';

const LINE_BREAK = encode('\r\n');

/** Encodes a form: bytes, and the type with the boundary. */
export function encoded(form) {
  const boundary = `----ws-host-${Array.from({ length: 4 }, () => Math.random().toString(36).slice(2)).join('')}`;
  const pieces = [];
  for (const [name, value] of form) {
    const begin = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withLineBreaks(name))}"`;
    if (value instanceof File) {
      const type = value.type || 'application/octet-stream';
      pieces.push(encode(`${begin}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`), blobBytes(value), LINE_BREAK);
    } else {
      pieces.push(encode(`${begin}\r\n\r\n${withLineBreaks(value)}\r\n`));
    }
  }
  pieces.push(encode(`--${boundary}--\r\n`));
  return { bytes: joined(pieces), type: `multipart/form-data; boundary=${boundary}` };
}

/** Decodes bytes with this boundary. Throws a TypeError for what is no form. */
export function decoded(bytes, boundary) {
  const form = new FormData();
  const mark = encode(`\r\n--${boundary}`);
  // The first boundary has no line break before it.
  const all = joined([LINE_BREAK, bytes]);
  let at = find(all, mark, 0);
  while (at >= 0) {
    at += mark.length;
    if (all[at] === 45 && all[at + 1] === 45) return form;
    const head = find(all, LINE_BREAK, at);
    const next = find(all, mark, head);
    if (head < 0 || next < 0) break;
    add(form, all.subarray(head, next));
    at = next;
  }
  throw new TypeError('the body is no multipart/form-data');
}

/** Adds a part: headers, each behind a line break, an empty line, and the value. */
function add(form, part) {
  const end = find(part, encode('\r\n\r\n'), 0);
  if (end < 0) throw new TypeError('a part of multipart/form-data has no end of its headers');
  const headers = new Map();
  for (const line of decode(part.subarray(0, end), false).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = headers.get('content-disposition') ?? '';
  const name = parameter(disposition, 'name');
  if (!/^form-data\s*;/i.test(disposition) || name === undefined) throw new TypeError('a part of multipart/form-data has no name');
  const value = part.subarray(end + 4);
  const filename = parameter(disposition, 'filename');
  if (filename === undefined) form.append(name, decode(value, false));
  else form.append(name, new File([value], filename, { type: headers.get('content-type') ?? 'text/plain' }));
}

function parameter(header, name) {
  const match = new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(header);
  return match?.[1].replace(/%0A/gi, '\n').replace(/%0D/gi, '\r').replace(/%22/g, '"');
}

function find(bytes, wanted, from) {
  if (from < 0) return -1;
  for (let at = bytes.indexOf(wanted[0], from); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

function withLineBreaks(text) {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

function escaped(text) {
  return text.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
}
