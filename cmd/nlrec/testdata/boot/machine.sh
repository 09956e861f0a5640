# Makes the folder $1 the root of a machine that has nothing but the programs of
# this one and what lies in the folder, and boots systemd on it. To be run as the
# first process of namespaces of its own: pid, mount, network, uts, ipc, cgroup.
set -eu
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mkdir -p usr proc sys dev run tmp old var/lib var/log
chmod 1777 tmp
for folder in bin sbin lib lib32 lib64; do
	[ ! -L /$folder ] || ln -s "$(readlink /$folder)" $folder
done
mount --bind -o ro /usr usr
mount -t overlay -o lowerdir="$root/own:/usr/bin" overlay usr/bin

# Of the kernel's settings the machine may change those of its own network.
mount -t proc proc proc
mount --bind proc/sys/net old
mount --bind -o ro proc/sys proc/sys
mount --move old proc/sys/net
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup

mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
for device in null zero full random urandom tty; do
	: >dev/$device
	mount --bind /dev/$device dev/$device
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run

pivot_root . old
umount -l /old
exec env -i container=nlrec PATH=/usr/bin:/usr/sbin:/bin:/sbin /lib/systemd/systemd
