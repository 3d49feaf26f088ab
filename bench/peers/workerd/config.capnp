# `workerd serve config.capnp --socket-addr http=127.0.0.1:PORT`
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:8080", http = (), service = "main") ],
);

const worker :Workerd.Worker = (
  modules = [ (name = "server.mjs", esModule = embed "server.mjs") ],
  compatibilityDate = "2026-01-01",
  bindings = [ (name = "rooms", durableObjectNamespace = "Room") ],
  durableObjectNamespaces = [ (className = "Room", uniqueKey = "room") ],
  durableObjectStorage = (inMemory = void),
);
