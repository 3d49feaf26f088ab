// Connects an instance in a test with its host. The module loads before that, as in the build.

let host;

export function attach(to) {
  host = to;
}

/** Returns the host. Throws while the module loads. */
export function there() {
  if (!host) throw new Error('the host can be called only in handlers, not while the module loads');
  return host;
}

/** Returns the host, or undefined while the module loads. */
export function maybe() {
  return host;
}
