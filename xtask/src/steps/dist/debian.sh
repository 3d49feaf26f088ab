# Plays the life of the package on a Debian system. system.sh stands before it.
settings=etc/ws-host/ws-host.toml

# Images of containers leave manual pages out.
install() { inside sh -c 'dpkg --path-include="/usr/*" --install /tmp/ws-host_*.deb'; }

if inside getent passwd ws-host; then
    echo "this system has a user ws-host already: the package would not make one"
    exit 1
fi
install
inside dpkg --verify ws-host
inside getent passwd ws-host
inside getent group ws-host
test -s "$settings"
inside bash -euc '. /usr/share/bash-completion/completions/ws-host; complete -p ws-host'
if [ -e usr/bin/man ]; then
    inside man --where ws-host
fi
if [ -e usr/bin/systemd-analyze ]; then
    inside systemd-analyze verify ws-host.service ws-host.socket
fi

# Settings outlive another installation and a removal, and end with a purge. So does the cache.
echo '# ours' >>"$settings"
install
grep -q '^# ours' "$settings"
inside dpkg --remove ws-host
test ! -e usr/bin/ws-host
grep -q '^# ours' "$settings"
inside mkdir -p /var/cache/ws-host
inside dpkg --purge ws-host
test ! -e "$settings"
test ! -e var/cache/ws-host

# The service as systemd would start it, with the settings of the package and a component.
install
cp tmp/echo.wasm etc/ws-host/app.wasm
inside install --directory --owner ws-host --group ws-host /run/ws-host /var/cache/ws-host
start=$(sed -n 's/^ExecStart=//p' usr/lib/systemd/system/ws-host.service)
exec 1>&3 3>&-
exec chroot --userspec=ws-host:ws-host . /usr/bin/env -i PATH=/usr/bin:/bin HOME=/nonexistent XDG_CACHE_HOME=/var/cache/ws-host $start --port 0
