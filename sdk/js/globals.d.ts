/** The globals of a guest beyond the language itself, for projects without the types of browsers or Node.js. */

interface Console {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  /** Writes to the host's log as a warning. */
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/** Writes to the host's log. */
declare var console: Console;

declare var process: {
  /** The variables of `--env`. They come with the first handler: the build, where the module loads, has no variables. */
  readonly env: Record<string, string | undefined>;
  readonly platform: string;
  nextTick<Details extends unknown[]>(job: (...details: Details) => void, ...details: Details): void;
};

declare var performance: { now(): number };

declare var crypto: {
  getRandomValues<Values extends ArrayBufferView>(values: Values): Values;
  randomUUID(): string;
};

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
}

declare class TextDecoder {
  readonly encoding: string;
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}
