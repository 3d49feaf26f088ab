# Begins a script in a view of this system, whose changes are in memory. Arguments: an empty folder, then files that the view gets.
exec 3>&1 1>&2
view=$1
shift
mount -t tmpfs view "$view"
mkdir "$view/changes" "$view/work" "$view/system"
mount -t overlay view -o "lowerdir=/,upperdir=$view/changes,workdir=$view/work" "$view/system"
cd "$view/system"
mount -t proc view proc
mount --rbind /dev dev
# No service of this system is reached from inside.
mount -t tmpfs view run
mount -t tmpfs view tmp
[ $# = 0 ] || cp "$@" tmp/
inside() { chroot . "$@"; }
