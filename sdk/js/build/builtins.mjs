// The modules of Node.js that a guest imports: those that only compute come from @jspm/core, the others cannot be.

import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Modules that need nothing but the language. */
const PURE = ['assert', 'assert/strict', 'buffer', 'events', 'path', 'path/posix', 'punycode', 'querystring', 'stream', 'string_decoder', 'url', 'util'];

/** Modules whose parts are globals of a guest. */
const GLOBALS = {
  process: 'export default process; export const { env, nextTick, argv, platform, cwd } = process;',
  perf_hooks: 'export const { performance } = globalThis; export default { performance };',
  timers: 'export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;',
};

/** Functions that the shims lack, by module. */
const ADDED = {
  url: `import { toUnicode } from '@jspm/core/nodelibs/punycode';
    const hostname = (domain) => (URL.canParse('http://' + domain) ? new URL('http://' + domain).hostname : '');
    export const domainToASCII = hostname;
    export const domainToUnicode = (domain) => toUnicode(hostname(domain));`,
};

/** The reason why each of the others cannot be. */
const REASONS = [
  [/^fs(\/|$)/, 'a guest has no files: keep data in variables, attachments or the snapshot, or import it into the source'],
  [/^(net|tls|dgram|dns|https?|http2|inspector|_http.*|_tls.*)(\/|$)/, 'a guest has no network of its own: clients come through the host'],
  [/^(child_process|cluster|worker_threads)$/, 'a guest has neither processes nor threads'],
  [/^(crypto|_crypto)$/, 'use the global `crypto`, or a package such as @noble/hashes'],
  [/^zlib$/, 'use a package such as fflate'],
  [/./, 'it belongs to Node.js, and a guest runs without it'],
];

/** The SDK's folder, whose packages have the shims. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * Resolves the modules of Node.js. An import in the project's own source fails the build. Packages often import such a module for a
 * case that never comes, so theirs fails where it is used; `told` gets a line about it.
 */
export function builtins(told) {
  const lines = new Set();
  return {
    name: 'builtins',
    setup(build) {
      const names = builtinModules.filter((name) => !name.startsWith('_')).map((name) => name.replace('/', '\\/'));
      build.onResolve({ filter: new RegExp(`^(node:.*|(${names.join('|')}))$`) }, async ({ path, pluginData, ...from }) => {
        if (pluginData === ASKED) return undefined;
        const name = path.replace(/^node:/, '');
        // A package of that name comes first, and so does the word of a package's own `browser` map.
        const found = path === name && (await build.resolve(path, { ...from, pluginData: ASKED }));
        if (found && found.errors.length === 0) return found;
        if (PURE.includes(name)) return pure(build, name, from.kind);
        if (name in GLOBALS) return { path: name, namespace: 'builtin-global' };
        const [, why] = REASONS.find(([names]) => names.test(name));
        const reason = `${path} is not available: ${why}`;
        const owner = packageOf(from.importer);
        if (!owner) return { errors: [{ text: reason }] };
        const line = `the package ${owner} imports ${path}, and fails where it uses it: ${why}`;
        if (!lines.has(line)) told(line);
        lines.add(line);
        return { path: name, namespace: 'builtin-missing', pluginData: reason };
      });
      build.onLoad({ filter: /./, namespace: 'builtin-added' }, ({ path }) => ({
        contents: `export * from ${JSON.stringify(shim(path))}; export { default } from ${JSON.stringify(shim(path))}; ${ADDED[path]}`,
        resolveDir: HERE,
      }));
      build.onLoad({ filter: /./, namespace: 'builtin-required' }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(shim(path))}).default;`,
        resolveDir: HERE,
      }));
      // The shims bring a process of their own.
      build.onLoad({ filter: /@jspm[\\/]core[\\/]nodelibs[\\/]browser[\\/]chunk-[^\\/]+$/ }, ({ path }) => {
        const contents = readFileSync(path, 'utf8');
        return { contents: contents.endsWith('export { process as p };\n') ? 'export const p = globalThis.process;' : contents };
      });
      build.onLoad({ filter: /./, namespace: 'builtin-global' }, ({ path }) => ({ contents: GLOBALS[path] }));
      build.onLoad({ filter: /./, namespace: 'builtin-missing' }, ({ pluginData }) => ({ contents: missing(pluginData) }));
    },
  };
}

/** The shims are modules of ECMAScript. In Node.js, `require` gives their default export: for some a function or a class. */
function pure(build, name, kind) {
  if (kind === 'require-call') return { path: name, namespace: 'builtin-required' };
  return name in ADDED ? { path: name, namespace: 'builtin-added' } : build.resolve(shim(name), { kind, resolveDir: HERE });
}

function shim(name) {
  return `@jspm/core/nodelibs/${name}`;
}

/** Marks the plugin's own question. */
const ASKED = Symbol('asked');

/** Returns the package that a file belongs to, or undefined for the project's own files. */
function packageOf(file) {
  return /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1].replace('\\', '/');
}

/** The source of a module whose parts throw when they are called. A class may extend them. */
function missing(reason) {
  // esbuild copies the own properties of an imported namespace and inherits the rest, so the proxy is a prototype.
  return `function fail() { throw new Error(${JSON.stringify(reason)}); }
    module.exports = Object.create(new Proxy({}, { get: (_, name) => (name === '__esModule' || typeof name === 'symbol' ? undefined : fail) }));`;
}
