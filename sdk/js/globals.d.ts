/** The globals of a guest beyond the language itself, for projects without the types of browsers or Node.js. */

interface Console {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  /** Writes to the host's log as a warning. */
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  assert(condition?: unknown, ...values: unknown[]): void;
  clear(): void;
  count(label?: string): void;
  countReset(label?: string): void;
  dir(value: unknown): void;
  group(...values: unknown[]): void;
  groupCollapsed(...values: unknown[]): void;
  groupEnd(): void;
  table(data: unknown, columns?: string[]): void;
  time(label?: string): void;
  timeEnd(label?: string): void;
  timeLog(label?: string, ...values: unknown[]): void;
  trace(...values: unknown[]): void;
}

/** Writes to the host's log. */
declare var console: Console;

declare var process: {
  /** The variables of `--env`. They come with the first handler: the build, where the module loads, has no variables. */
  readonly env: Record<string, string | undefined>;
  readonly platform: string;
  nextTick<Details extends unknown[]>(job: (...details: Details) => void, ...details: Details): void;
};

declare var navigator: { readonly userAgent: string };

declare class Performance {
  private constructor();
  /** The date when the instance began. It and `now()` are 0 while the module loads. */
  readonly timeOrigin: number;
  /** The milliseconds since then. */
  now(): number;
  toJSON(): { timeOrigin: number };
}

declare var performance: Performance;

/** Timers of the instance: they end at a swap or an exception. `room.setTimer` outlives both. */
declare function setTimeout<Details extends unknown[]>(job: (...details: Details) => void, milliseconds?: number, ...details: Details): number;
declare function setInterval<Details extends unknown[]>(job: (...details: Details) => void, milliseconds?: number, ...details: Details): number;
declare function setImmediate<Details extends unknown[]>(job: (...details: Details) => void, ...details: Details): number;
declare function clearTimeout(timer?: number): void;
declare function clearInterval(timer?: number): void;
declare function clearImmediate(timer?: number): void;
declare function queueMicrotask(job: () => void): void;
declare function structuredClone<Value>(value: Value, options?: { transfer?: ArrayBuffer[] }): Value;

type BufferSource = ArrayBuffer | ArrayBufferView;
type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
type Hash = HashName | { name: HashName };
type Hmac = { name: 'HMAC'; hash: Hash; length?: number };
type PublicKeyAlgorithm =
  | { name: 'RSASSA-PKCS1-v1_5' | 'RSA-PSS'; hash: Hash }
  | { name: 'ECDSA'; namedCurve: 'P-256' | 'P-384' }
  | { name: 'Ed25519' }
  | 'Ed25519';
type Verification =
  | 'HMAC' | 'RSASSA-PKCS1-v1_5' | 'Ed25519'
  | { name: 'HMAC' | 'RSASSA-PKCS1-v1_5' | 'Ed25519' }
  | { name: 'RSA-PSS'; saltLength: number }
  | { name: 'ECDSA'; hash: Hash };
type KeyUsage = 'sign' | 'verify';

interface JsonWebKey {
  kty?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  ext?: boolean;
  k?: string;
  crv?: string;
  x?: string;
  y?: string;
  n?: string;
  e?: string;
}

declare class CryptoKey {
  private constructor();
  readonly type: 'secret' | 'public';
  readonly algorithm: {
    name: string;
    hash?: { name: string };
    length?: number;
    namedCurve?: string;
    modulusLength?: number;
    publicExponent?: Uint8Array;
  };
  readonly extractable: boolean;
  readonly usages: KeyUsage[];
}

/** Hashes, HMAC, and signatures verified with public keys. Everything else is refused with a `DOMException` named `NotSupportedError`. */
declare class SubtleCrypto {
  private constructor();
  digest(algorithm: Hash, data: BufferSource): Promise<ArrayBuffer>;
  importKey(format: 'jwk', key: JsonWebKey, algorithm: Hmac | PublicKeyAlgorithm, extractable: boolean, usages: KeyUsage[]): Promise<CryptoKey>;
  importKey(format: 'raw' | 'spki', key: BufferSource, algorithm: Hmac | PublicKeyAlgorithm, extractable: boolean, usages: KeyUsage[]): Promise<CryptoKey>;
  generateKey(algorithm: Hmac, extractable: boolean, usages: KeyUsage[]): Promise<CryptoKey>;
  exportKey(format: 'raw' | 'spki', key: CryptoKey): Promise<ArrayBuffer>;
  exportKey(format: 'jwk', key: CryptoKey): Promise<JsonWebKey>;
  sign(algorithm: 'HMAC' | { name: 'HMAC' }, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  verify(algorithm: Verification, key: CryptoKey, signature: BufferSource, data: BufferSource): Promise<boolean>;
}

declare class Crypto {
  private constructor();
  getRandomValues<Values extends ArrayBufferView>(values: Values): Values;
  randomUUID(): string;
  readonly subtle: SubtleCrypto;
}

declare var crypto: Crypto;

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}

/** Decodes text in any encoding of the Encoding Standard. */
declare class TextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: BufferSource, options?: { stream?: boolean }): string;
}

declare class URLSearchParams {
  constructor(init?: string | Record<string, string> | Iterable<[string, string]>);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(job: (value: string, name: string, params: URLSearchParams) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

declare class URL {
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  constructor(url: string | URL, base?: string | URL);
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  readonly searchParams: URLSearchParams;
  hash: string;
  toJSON(): string;
}

declare class Event {
  constructor(type: string, options?: { bubbles?: boolean; cancelable?: boolean; composed?: boolean });
  readonly type: string;
  readonly target: EventTarget | null;
  readonly currentTarget: EventTarget | null;
  readonly cancelable: boolean;
  readonly defaultPrevented: boolean;
  readonly timeStamp: number;
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}

declare class CustomEvent<Detail = any> extends Event {
  constructor(type: string, options?: { bubbles?: boolean; cancelable?: boolean; detail?: Detail });
  readonly detail: Detail;
}

type Listener = ((event: any) => void) | { handleEvent(event: any): void } | null;

declare class EventTarget {
  addEventListener(type: string, listener: Listener, options?: boolean | { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal }): void;
  removeEventListener(type: string, listener: Listener, options?: boolean | { capture?: boolean }): void;
  dispatchEvent(event: Event): boolean;
}

declare class AbortSignal extends EventTarget {
  private constructor();
  static abort(reason?: unknown): AbortSignal;
  static timeout(milliseconds: number): AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal;
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: Event) => void) | null;
  throwIfAborted(): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare class Blob {
  constructor(parts?: Iterable<BufferSource | Blob | string>, options?: { type?: string; endings?: 'transparent' | 'native' });
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  text(): Promise<string>;
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
  slice(start?: number, end?: number, type?: string): Blob;
}

interface QueuingStrategy<Piece = any> {
  highWaterMark?: number;
  size?(piece: Piece): number;
}

declare class CountQueuingStrategy implements QueuingStrategy {
  constructor(options: { highWaterMark: number });
  readonly highWaterMark: number;
  readonly size: (piece?: any) => 1;
}

declare class ByteLengthQueuingStrategy implements QueuingStrategy<ArrayBufferView> {
  constructor(options: { highWaterMark: number });
  readonly highWaterMark: number;
  readonly size: (piece: ArrayBufferView) => number;
}

declare class ReadableStreamDefaultController<Piece = any> {
  private constructor();
  readonly desiredSize: number | null;
  enqueue(piece?: Piece): void;
  close(): void;
  error(reason?: any): void;
}

declare class ReadableStreamBYOBRequest {
  private constructor();
  readonly view: Uint8Array | null;
  respond(written: number): void;
  respondWithNewView(view: ArrayBufferView): void;
}

declare class ReadableByteStreamController {
  private constructor();
  readonly byobRequest: ReadableStreamBYOBRequest | null;
  readonly desiredSize: number | null;
  enqueue(piece: ArrayBufferView): void;
  close(): void;
  error(reason?: any): void;
}

interface UnderlyingSource<Piece = any> {
  type?: undefined;
  start?(controller: ReadableStreamDefaultController<Piece>): any;
  pull?(controller: ReadableStreamDefaultController<Piece>): void | PromiseLike<void>;
  cancel?(reason?: any): void | PromiseLike<void>;
}

interface UnderlyingByteSource {
  type: 'bytes';
  autoAllocateChunkSize?: number;
  start?(controller: ReadableByteStreamController): any;
  pull?(controller: ReadableByteStreamController): void | PromiseLike<void>;
  cancel?(reason?: any): void | PromiseLike<void>;
}

type ReadableStreamReadResult<Piece> = { done: false; value: Piece } | { done: true; value: Piece | undefined };

declare class ReadableStreamDefaultReader<Piece = any> {
  constructor(stream: ReadableStream<Piece>);
  readonly closed: Promise<void>;
  read(): Promise<ReadableStreamReadResult<Piece>>;
  cancel(reason?: any): Promise<void>;
  releaseLock(): void;
}

declare class ReadableStreamBYOBReader {
  constructor(stream: ReadableStream<Uint8Array>);
  readonly closed: Promise<void>;
  read<View extends ArrayBufferView>(view: View, options?: { min?: number }): Promise<ReadableStreamReadResult<View>>;
  cancel(reason?: any): Promise<void>;
  releaseLock(): void;
}

interface StreamPipeOptions {
  preventAbort?: boolean;
  preventCancel?: boolean;
  preventClose?: boolean;
  signal?: AbortSignal;
}

declare class ReadableStream<Piece = any> {
  static from<Piece>(pieces: Iterable<Piece> | AsyncIterable<Piece>): ReadableStream<Piece>;
  constructor(source: UnderlyingByteSource, strategy?: { highWaterMark?: number });
  constructor(source?: UnderlyingSource<Piece>, strategy?: QueuingStrategy<Piece>);
  readonly locked: boolean;
  cancel(reason?: any): Promise<void>;
  getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader;
  getReader(): ReadableStreamDefaultReader<Piece>;
  pipeThrough<Other>(transform: { readable: ReadableStream<Other>; writable: WritableStream<Piece> }, options?: StreamPipeOptions): ReadableStream<Other>;
  pipeTo(destination: WritableStream<Piece>, options?: StreamPipeOptions): Promise<void>;
  tee(): [ReadableStream<Piece>, ReadableStream<Piece>];
  values(options?: { preventCancel?: boolean }): AsyncIterableIterator<Piece>;
  [Symbol.asyncIterator](options?: { preventCancel?: boolean }): AsyncIterableIterator<Piece>;
}

declare class WritableStreamDefaultController {
  private constructor();
  readonly signal: AbortSignal;
  error(reason?: any): void;
}

interface UnderlyingSink<Piece = any> {
  start?(controller: WritableStreamDefaultController): any;
  write?(piece: Piece, controller: WritableStreamDefaultController): void | PromiseLike<void>;
  close?(): void | PromiseLike<void>;
  abort?(reason?: any): void | PromiseLike<void>;
}

declare class WritableStreamDefaultWriter<Piece = any> {
  constructor(stream: WritableStream<Piece>);
  readonly closed: Promise<void>;
  readonly desiredSize: number | null;
  readonly ready: Promise<void>;
  write(piece?: Piece): Promise<void>;
  close(): Promise<void>;
  abort(reason?: any): Promise<void>;
  releaseLock(): void;
}

declare class WritableStream<Piece = any> {
  constructor(sink?: UnderlyingSink<Piece>, strategy?: QueuingStrategy<Piece>);
  readonly locked: boolean;
  getWriter(): WritableStreamDefaultWriter<Piece>;
  close(): Promise<void>;
  abort(reason?: any): Promise<void>;
}

declare class TransformStreamDefaultController<Piece = any> {
  private constructor();
  readonly desiredSize: number | null;
  enqueue(piece?: Piece): void;
  error(reason?: any): void;
  terminate(): void;
}

interface Transformer<Input = any, Output = any> {
  start?(controller: TransformStreamDefaultController<Output>): any;
  transform?(piece: Input, controller: TransformStreamDefaultController<Output>): void | PromiseLike<void>;
  flush?(controller: TransformStreamDefaultController<Output>): void | PromiseLike<void>;
  cancel?(reason?: any): void | PromiseLike<void>;
}

declare class TransformStream<Input = any, Output = any> {
  constructor(transformer?: Transformer<Input, Output>, writable?: QueuingStrategy<Input>, readable?: QueuingStrategy<Output>);
  readonly readable: ReadableStream<Output>;
  readonly writable: WritableStream<Input>;
}

declare class TextEncoderStream {
  readonly encoding: string;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<string>;
}

declare class TextDecoderStream {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<BufferSource>;
}

declare class File extends Blob {
  constructor(parts: Iterable<BufferSource | Blob | string>, name: string, options?: { type?: string; endings?: 'transparent' | 'native'; lastModified?: number });
  readonly name: string;
  readonly lastModified: number;
  readonly webkitRelativePath: string;
}

type FormDataEntryValue = File | string;

declare class FormData {
  append(name: string, value: string | Blob, filename?: string): void;
  delete(name: string): void;
  get(name: string): FormDataEntryValue | null;
  getAll(name: string): FormDataEntryValue[];
  has(name: string): boolean;
  set(name: string, value: string | Blob, filename?: string): void;
  forEach(job: (value: FormDataEntryValue, name: string, form: FormData) => void): void;
  entries(): IterableIterator<[string, FormDataEntryValue]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<FormDataEntryValue>;
  [Symbol.iterator](): IterableIterator<[string, FormDataEntryValue]>;
}

type BodyInit = string | BufferSource | Blob | URLSearchParams | FormData | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;
type HeadersInit = Headers | Record<string, string> | Iterable<[string, string]>;
type RequestInfo = Request | string;

interface Body {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  formData(): Promise<FormData>;
  json(): Promise<any>;
  text(): Promise<string>;
}

interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  /** Needed when the body is a stream. It is gathered before it is sent. */
  duplex?: 'half';
  signal?: AbortSignal | null;
  /** `manual` gives the redirect as it is. */
  redirect?: 'follow' | 'error' | 'manual';
  /** A value that becomes JSON, at most 64 KiB. If another instance gets the answer, `onOrphan` gets it too. */
  context?: unknown;
  /** Whether `fetch` resolves before the body is there, the default. With `false` the whole answer is one event, with at most 4 MiB. */
  stream?: boolean;
}

interface Request extends Body {}

declare class Request {
  constructor(input: Request | string | URL, init?: RequestInit);
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly redirect: 'follow' | 'error' | 'manual';
  readonly signal: AbortSignal;
  clone(): Request;
}

interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

interface Response extends Body {}

declare class Response {
  static error(): Response;
  static json(data: unknown, init?: ResponseInit): Response;
  static redirect(url: string | URL, status?: number): Response;
  constructor(body?: BodyInit | null, init?: ResponseInit);
  readonly headers: Headers;
  readonly ok: boolean;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: 'basic' | 'default' | 'error';
  readonly url: string;
  clone(): Response;
}

/**
 * Sends a request to a server that the host's owner allows (`--allow-http`). It goes out when the handler has returned. Code behind the `await`
 * is an event of its own. A failure is a `TypeError`, whose `cause.code` is the name that the contract has for it, such as `denied` or `timeout`.
 */
declare function fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;

declare class Headers {
  constructor(init?: Headers | Record<string, string> | Iterable<[string, string]>);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(job: (value: string, name: string, headers: Headers) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

declare class DOMException extends Error {
  constructor(message?: string, name?: string);
  readonly code: number;
}
