#!/bin/bash
# Builds ../engine.wasm. Needs rustup, and zig 0.17.1 as `python3 -m ziglang` (`pip install ziglang==0.17.1`) or as $ZIG.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
zig=${ZIG:-python3 -m ziglang}
target=${CARGO_TARGET_DIR:-$here/target}
mkdir -p "$target"

# cc passes a target that zig calls by another name.
cat >"$target/cc" <<END
#!/bin/bash
arguments=()
for one in "\$@"; do [[ \$one == --target=* ]] || arguments+=("\$one"); done
exec $zig cc -target wasm32-wasi -fno-sanitize=undefined "\${arguments[@]}"
END
printf '#!/bin/bash\nexec %s ar "$@"\n' "$zig" >"$target/ar"
chmod +x "$target/cc" "$target/ar"

export CARGO_TARGET_DIR=$target CARGO_INCREMENTAL=0
export RQUICKJS_SYS_NO_WASI_SDK=1 CC_wasm32_wasip2=$target/cc AR_wasm32_wasip2=$target/ar
# The checksum lets cargo notice a change of the header.
export CFLAGS_wasm32_wasip2="-fPIC -O3 -include $here/stack-check.h -DSTACK_CHECK=$(cksum <stack-check.h | cut -d" " -f1)"
# componentize-qjs links a shared library. The module names no folder of this machine.
export CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS="-Clinker=rust-lld -Clink-arg=-shared -Clink-arg=--no-entry -Clink-arg=--allow-undefined \
  --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$here=engine"
cargo build --release --locked --target wasm32-wasip2
cp "$target/wasm32-wasip2/release/ws_host_guest_engine.wasm" ../engine.wasm
