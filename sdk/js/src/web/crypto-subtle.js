// `crypto.subtle`, apart from crypto so that guests without it stay small.

import { Crypto } from './crypto.js';
import { make, SubtleCrypto } from './subtle.js';

const subtle = new SubtleCrypto(make);

Object.defineProperty(Crypto.prototype, 'subtle', { get: () => subtle, enumerable: true, configurable: true });
