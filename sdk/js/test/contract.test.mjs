// index.d.ts covers the contract: a case or a field added to wit/ must be added there too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const types = read('index.d.ts');

/** Returns the names within a block of WIT, such as `record client`. */
function names(wit, block) {
  const [, body] = new RegExp(`${block} \\{([^}]*)\\}`).exec(wit);
  return [...body.replace(/\/\/\/.*/g, '').matchAll(/^\s*([a-z-]+)/gm)].map(([, name]) => name);
}

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

test('each case of an enum is a string in the types', () => {
  for (const [file, block] of [
    ['types', 'enum close-cause'],
    ['types', 'enum send-status'],
    ['types', 'enum send-error'],
    ['exports', 'enum start-reason'],
    ['store', 'enum store-error'],
    ['rooms', 'enum rooms-error'],
  ]) {
    const cases = names(read(`wit/${file}.wit`), block);
    assert.ok(cases.length > 1, block);
    for (const name of cases) assert.ok(types.includes(`'${name}'`), `${block}: ${name}`);
  }
});

test('each field of a record is a property in the types', () => {
  for (const [file, block] of [
    ['types', 'record client'],
    ['types', 'record address'],
    ['types', 'record close-info'],
    ['exports', 'record request'],
  ]) {
    for (const name of names(read(`wit/${file}.wit`), block)) {
      assert.match(types, new RegExp(`readonly ${camel(name)}:`), `${block}: ${name}`);
    }
  }
});
