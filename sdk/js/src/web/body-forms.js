// Forms as bodies, apart from Body so that guests without them stay small.

import { decode } from 'ws-host:engine';

import { bodyForms } from './body.js';
import { FormData } from './form-data.js';
import { decoded, encoded } from './multipart.js';

bodyForms({ encoded, parsed });

function parsed(bytes, type) {
  const [, kind] = /^\s*([^;\s]+)/.exec(type.toLowerCase()) ?? [];
  if (kind === 'application/x-www-form-urlencoded') {
    const form = new FormData();
    for (const [name, value] of new URLSearchParams(decode(bytes, false))) form.append(name, value);
    return form;
  }
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? [];
  if (kind !== 'multipart/form-data' || !(quoted ?? plain)) throw new TypeError(`a body of type ${type || 'nothing'} is no form`);
  return decoded(bytes, quoted ?? plain);
}
