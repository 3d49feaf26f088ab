// The guide's table of packages has the versions that `packages/run.mjs` tries.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { PACKAGES } from './packages/list.mjs';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the guide has each package that is tried, with its version and the reason for those that fail', () => {
  const guide = read('../../../docs/guide/src/reference/npm-packages.md');
  const { dependencies, devDependencies } = JSON.parse(read('packages/package.json'));
  const versions = { ...dependencies, ...devDependencies };
  assert.ok(Object.keys(PACKAGES).length >= 40);
  for (const [name, { note }] of Object.entries(PACKAGES)) {
    const cell = `\`${name}\` ${versions[name]} |${note ? ` ${note} |` : ''}`;
    assert.ok(guide.includes(cell), cell);
  }
});
