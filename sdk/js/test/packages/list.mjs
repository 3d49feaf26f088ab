// The packages that guests are tried with: a use of each, and its result.

/** Each `use` is the source of a module that exports a function `use`; `expected` is its result. `told` is the sentence of a failure. */
export const PACKAGES = {
  '@automerge/automerge': {
    use: "import * as automerge from '@automerge/automerge'; export const use = () => automerge.toJS(automerge.from({ a: 1 }));",
    told: /WebAssembly|wasm/i,
    note: 'is WebAssembly itself, which a guest cannot load',
  },
  '@anthropic-ai/sdk': {
    use: `import Anthropic from '@anthropic-ai/sdk';
      export const use = async () => {
        const anthropic = new Anthropic({ apiKey: 'key', baseURL: process.env.API });
        const stream = anthropic.messages.stream({ model: 'x', max_tokens: 9, messages: [{ role: 'user', content: 'Why?' }] });
        const words = [];
        stream.on('text', (word) => words.push(word));
        await stream.finalMessage();
        return words;
      };`,
    expected: ['Once', ' upon'],
  },
  '@colyseus/schema': {
    use: `import { Encoder, Decoder, defineTypes, Schema } from '@colyseus/schema';
      class State extends Schema {} defineTypes(State, { score: 'number' });
      export const use = () => {
        const state = Object.assign(new State(), { score: 7 });
        const copy = new State();
        new Decoder(copy).decode(new Encoder(state).encodeAll());
        return copy.score;
      };`,
    expected: 7,
  },
  '@msgpack/msgpack': {
    use: "import { decode, encode } from '@msgpack/msgpack'; export const use = () => decode(encode({ a: [1, 'é'] }));",
    expected: { a: [1, 'é'] },
  },
  '@noble/hashes': {
    use: `import { sha256 } from '@noble/hashes/sha2.js'; import { bytesToHex } from '@noble/hashes/utils.js';
      export const use = () => bytesToHex(sha256(new TextEncoder().encode('abc'))).slice(0, 16);`,
    expected: 'ba7816bf8f01cfea',
  },
  ajv: {
    use: "import Ajv from 'ajv'; export const use = () => new Ajv().compile({ type: 'object', required: ['a'] })({ b: 1 });",
    expected: false,
  },
  axios: {
    use: `import axios from 'axios';
      export const use = async () => (await axios.post(process.env.API + '/json', { a: 1 })).data;`,
    told: /window is not defined/,
    note: 'brings its parts for Node.js; take `ky` or `ofetch`',
  },
  'chess.js': {
    use: "import { Chess } from 'chess.js'; export const use = () => { const game = new Chess(); game.move('e4'); return game.turn(); };",
    expected: 'b',
  },
  'date-fns': {
    use: "import { addDays, formatISO } from 'date-fns'; export const use = () => addDays(new Date(0), 1).toISOString();",
    expected: '1970-01-02T00:00:00.000Z',
  },
  dayjs: {
    use: "import dayjs from 'dayjs'; export const use = () => dayjs('2026-01-31').add(1, 'month').format('YYYY-MM-DD');",
    expected: '2026-02-28',
  },
  debug: {
    use: "import debug from 'debug'; debug.enable('chat'); export const use = () => { debug('chat')('hello'); return debug.enabled('chat'); };",
    expected: true,
    tested: true,
  },
  'decimal.js': {
    use: "import Decimal from 'decimal.js'; export const use = () => new Decimal('0.1').plus('0.2').toString();",
    expected: '0.3',
  },
  'eventsource-parser': {
    use: `import { EventSourceParserStream } from 'eventsource-parser/stream';
      export const use = async () => {
        const response = await fetch(process.env.API + '/v1/messages');
        const types = [];
        for await (const { event } of response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())) types.push(event);
        return types.length;
      };`,
    expected: 6,
  },
  eventemitter3: {
    use: `import EventEmitter from 'eventemitter3';
      export const use = () => { let heard; const one = new EventEmitter(); one.on('x', (y) => { heard = y; }); one.emit('x', 5); return heard; };`,
    expected: 5,
  },
  'fast-json-patch': {
    use: "import patch from 'fast-json-patch'; export const use = () => patch.compare({ a: 1 }, { a: 2 });",
    expected: [{ op: 'replace', path: '/a', value: 2 }],
  },
  fflate: {
    use: "import { strFromU8, strToU8, unzlibSync, zlibSync } from 'fflate'; export const use = () => strFromU8(unzlibSync(zlibSync(strToU8('squeeze'))));",
    expected: 'squeeze',
  },
  flatbuffers: {
    use: `import * as flatbuffers from 'flatbuffers';
      export const use = () => { const b = new flatbuffers.Builder(16); b.finish(b.createString('hi')); return b.asUint8Array().length; };`,
    expected: 12,
  },
  graphql: {
    use: `import { buildSchema, graphqlSync } from 'graphql';
      export const use = () => graphqlSync({ schema: buildSchema('type Query { a: Int }'), source: '{ a }', rootValue: { a: 3 } });`,
    expected: { data: { a: 3 } },
    tested: true,
  },
  'graphql-ws': {
    use: `import { makeServer } from 'graphql-ws'; import { buildSchema } from 'graphql';
      export const use = () => typeof makeServer({ schema: buildSchema('type Query { a: Int }') }).opened;`,
    expected: 'function',
  },
  handlebars: {
    use: "import Handlebars from 'handlebars'; export const use = () => Handlebars.compile('{{greet}}, {{name}}')({ greet: 'hi', name: 'Ada' });",
    expected: 'hi, Ada',
    tested: true,
  },
  immer: {
    use: "import { produce } from 'immer'; export const use = () => produce({ list: [1] }, (draft) => { draft.list.push(2); });",
    expected: { list: [1, 2] },
    tested: true,
  },
  jose: {
    use: `import { importJWK, jwtVerify, SignJWT } from 'jose'; const secret = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
      // The token of an identity provider, and its public key.
      const token = 'eyJhbGciOiJFUzI1NiJ9.eyJuYW1lIjoiQWRhIn0' +
        '.iDCjOFHGTiQRQtLuEwlqTry-N9V8KSP4dzDWv5zp_cCMasw_WFKdAASOwkPPH1RocuQqwfFB8eTQhHSl0MTNLg';
      const x = 'P-alMoeJ1eICzpUQAevmbRJtvUkpjx07xV78lQbqH0g';
      const y = 'NweTMW8ITs6y_QymeY1CADpD3Ge6XkF04VwV6rmdo6Y';
      export const use = async () => {
        const own = await new SignJWT({ name: 'Grace' }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
        const key = await importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256');
        const forged = await jwtVerify(token.replace(/.{4}$/, 'AAAA'), key).catch(({ code }) => code);
        return [(await jwtVerify(own, secret)).payload.name, (await jwtVerify(token, key)).payload.name, forged];
      };`,
    expected: ['Grace', 'Ada', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
  },
  jsonwebtoken: {
    use: "import jwt from 'jsonwebtoken'; export const use = () => jwt.sign({ name: 'Ada' }, 'secret');",
    told: /Buffer is not defined/,
    note: "needs Node.js's `crypto` and its global `Buffer`; take `jose`",
  },
  ky: {
    use: `import ky from 'ky';
      export const use = async () => [await ky.post(process.env.API + '/json', { json: { a: 1 } }).json(), (await ky(process.env.API + '/moved')).url.slice(-5)];`,
    expected: [{ heard: '{"a":1}' }, '/json'],
    tested: true,
  },
  lib0: {
    use: `import * as decoding from 'lib0/decoding'; import * as encoding from 'lib0/encoding';
      export const use = () => {
        const encoder = encoding.createEncoder();
        encoding.writeVarString(encoder, 'grüße');
        return decoding.readVarString(decoding.createDecoder(encoding.toUint8Array(encoder)));
      };`,
    expected: 'grüße',
  },
  lodash: {
    use: "import _ from 'lodash'; export const use = () => [_.groupBy([1, 2, 3], (n) => n % 2), _.template('<%= a %>!')({ a: 1 })];",
    expected: [{ 0: [2], 1: [1, 3] }, '1!'],
    tested: true,
  },
  luxon: {
    use: "import { DateTime } from 'luxon'; export const use = () => DateTime.fromISO('2026-01-31T00:00:00Z', { zone: 'utc' }).plus({ months: 1 }).toISODate();",
    told: /Intl is not defined/,
    note: 'needs `Intl`, which the engine does not have; take `dayjs` or `date-fns`',
  },
  marked: {
    use: "import { marked } from 'marked'; export const use = () => marked.parse('*hi*').trim();",
    expected: '<p><em>hi</em></p>',
  },
  mathjs: {
    use: "import { evaluate } from 'mathjs'; export const use = () => evaluate('2 * (3 + 4)');",
    expected: 14,
  },
  mitt: {
    use: "import mitt from 'mitt'; export const use = () => { let heard; const one = mitt(); one.on('x', (y) => { heard = y; }); one.emit('x', 5); return heard; };",
    expected: 5,
  },
  'mqtt-packet': {
    use: `import mqtt from 'mqtt-packet';
      export const use = () => {
        let topic;
        const parser = mqtt.parser();
        parser.on('packet', (packet) => { topic = packet.topic + ' ' + packet.payload; });
        parser.parse(mqtt.generate({ cmd: 'publish', topic: 'a/b', payload: 'hi', qos: 0, retain: false, dup: false }));
        return topic;
      };`,
    expected: 'a/b hi',
    tested: true,
  },
  msgpackr: {
    use: "import { pack, unpack } from 'msgpackr'; export const use = () => unpack(pack({ a: [1, 'é'], d: null }));",
    expected: { a: [1, 'é'], d: null },
  },
  mustache: {
    use: "import mustache from 'mustache'; export const use = () => mustache.render('{{a}}', { a: 1 });",
    expected: '1',
  },
  nanoid: {
    use: "import { nanoid } from 'nanoid'; export const use = () => [nanoid().length, nanoid() === nanoid()];",
    expected: [21, false],
    tested: true,
  },
  ofetch: {
    use: `import { ofetch } from 'ofetch';
      export const use = () => ofetch('/json', { baseURL: process.env.API, method: 'PUT', body: { a: 1 } });`,
    expected: { heard: '{"a":1}' },
  },
  openai: {
    use: `import OpenAI from 'openai';
      export const use = async () => {
        const openai = new OpenAI({ apiKey: 'key', baseURL: process.env.API + '/v1' });
        const words = [];
        const stream = await openai.chat.completions.create({ model: 'x', stream: true, messages: [{ role: 'user', content: 'Why?' }] });
        for await (const { choices } of stream) words.push(choices[0].delta.content);
        return words;
      };`,
    expected: ['Once', ' upon'],
    tested: true,
  },
  pino: {
    use: "import pino from 'pino'; export const use = () => { const log = pino({ level: 'info' }); log.info('hello'); return log.level; };",
    expected: 'info',
  },
  protobufjs: {
    use: `import protobuf from 'protobufjs';
      const Point = protobuf.parse('syntax = "proto3"; message Point { int32 x = 1; }').root.lookupType('Point');
      export const use = () => Point.decode(Point.encode(Point.create({ x: 300 })).finish()).x;`,
    expected: 300,
  },
  ramda: {
    use: "import * as R from 'ramda'; export const use = () => R.pipe(R.map(R.inc), R.sum)([1, 2]);",
    expected: 5,
  },
  redux: {
    use: `import { legacy_createStore as createStore } from 'redux';
      export const use = () => { const store = createStore((n = 0, { type }) => (type === 'add' ? n + 1 : n)); store.dispatch({ type: 'add' }); return store.getState(); };`,
    expected: 1,
  },
  rxjs: {
    use: "import { from, map, toArray } from 'rxjs'; export const use = () => { let all; from([1, 2]).pipe(map((n) => n * 2), toArray()).subscribe((list) => { all = list; }); return all; };",
    expected: [2, 4],
  },
  seedrandom: {
    use: "import seedrandom from 'seedrandom'; export const use = () => seedrandom('hello.')();",
    expected: 0.9282578795792454,
  },
  semver: {
    use: "import semver from 'semver'; export const use = () => semver.satisfies('1.2.3', '^1.0.0');",
    expected: true,
  },
  superjson: {
    use: "import superjson from 'superjson'; export const use = () => [...superjson.parse(superjson.stringify(new Set([1n, 2n])))].map(String);",
    expected: ['1', '2'],
  },
  ulid: {
    use: "import { ulid } from 'ulid'; export const use = () => ulid().length;",
    expected: 26,
  },
  uuid: {
    use: "import { v4, v5, validate } from 'uuid'; export const use = () => [validate(v4()), v5('a', v5.DNS)];",
    expected: [true, '4f3f2898-69e3-5a0d-820a-c4e87987dbce'],
  },
  valibot: {
    use: "import * as v from 'valibot'; export const use = () => v.safeParse(v.object({ a: v.number() }), { a: 'x' }).success;",
    expected: false,
  },
  xstate: {
    use: `import { createActor, createMachine } from 'xstate';
      const light = createMachine({ initial: 'red', states: { red: { on: { next: 'green' } }, green: {} } });
      export const use = () => { const actor = createActor(light).start(); actor.send({ type: 'next' }); return actor.getSnapshot().value; };`,
    expected: 'green',
  },
  'y-protocols': {
    use: `import * as sync from 'y-protocols/sync'; import * as encoding from 'lib0/encoding'; import * as decoding from 'lib0/decoding'; import * as Y from 'yjs';
      export const use = () => {
        const doc = new Y.Doc();
        const encoder = encoding.createEncoder();
        sync.writeSyncStep1(encoder, doc);
        return sync.readSyncMessage(decoding.createDecoder(encoding.toUint8Array(encoder)), encoding.createEncoder(), doc, null);
      };`,
    expected: 0,
    tested: true,
  },
  yjs: {
    use: `import * as Y from 'yjs';
      export const use = () => {
        const [one, other] = [new Y.Doc(), new Y.Doc()];
        one.getText('t').insert(0, 'grüße');
        Y.applyUpdate(other, Y.encodeStateAsUpdate(one));
        return other.getText('t').toString();
      };`,
    expected: 'grüße',
    tested: true,
  },
  zod: {
    use: "import { z } from 'zod'; export const use = () => [z.object({ a: z.string().email() }).safeParse({ a: 'x' }).success, z.number().parse(3)];",
    expected: [false, 3],
    tested: true,
  },
};
