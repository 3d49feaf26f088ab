"""Validates a list of crates against the schema of CycloneDX: `sbom.py FILE`."""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = Path(sys.argv[1]).read_text()
problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if problem:
    sys.exit(f"{sys.argv[1]}: {problem}")

bom = json.loads(text)
names = {component["name"] for component in bom["components"]}
# The server, its parts in C, and the engine of guests in JavaScript.
missing = {"ws-host", "tokio", "wasmtime", "libsqlite3-sys", "tikv-jemalloc-sys", "ring", "rquickjs-sys"} - names
if missing:
    sys.exit(f"{sys.argv[1]} lacks {', '.join(sorted(missing))}")
if "proptest" in names:
    sys.exit(f"{sys.argv[1]} has crates that only tests use")
print(f"{len(names)} crates, as CycloneDX 1.6 has them")
