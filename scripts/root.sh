# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that work in a root file system of another Debian (scripts/in-release, scripts/follow-readme): makes one,
# and runs commands in it. Both need root.

# make_root RELEASE DIR MMDEBSTRAP-OPTIONS...: DIR appears when it is complete; what a killed run left is made anew.
make_root() {
  local release=$1 root=$2 new=$2.new mirror
  shift 2
  command -v mmdebstrap >/dev/null || scripts/deps release
  # shellcheck disable=SC2016  # apt-get fills them in
  mirror=$(apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    awk '$1 == "main" && $2 !~ /security/ {print $2; exit}')
  [ -n "$mirror" ] || { echo "$0: apt knows no Debian mirror (is there an apt-get update to run?)" >&2; return 1; }
  mkdir -p "$(dirname "$root")"
  rm -rf "$new"
  mmdebstrap --dpkgopt=force-unsafe-io "$@" "$release" "$new" "$mirror"
  # The root reaches the mirror as this machine does (proxy, date checks).
  apt-config dump --format '%F "%v";%n' Acquire >"$new/etc/apt/apt.conf.d/90host"
  mkdir -p "$new/adit" "$new/root/.cache/ccache"
  mv "$new" "$root"
}

# enter_root DIR [FROM:TO...] -- COMMAND [ARG...]: replaces this shell by COMMAND in DIR, in /adit, with FROM of this machine at TO.
# It has its own mount and PID namespaces: mounts and processes go away with the caller, even when it is killed. The
# compiler cache is the machine's, so that a clone in another place finds it warm; so are the proxies, which git and curl need.
enter_root() {
  local root=$1 cache
  shift
  cache=$(ccache --get-config cache_dir 2>/dev/null || echo "$(dirname "$root")/ccache")
  mkdir -p "$cache"
  cp -L /etc/resolv.conf "$root/etc/" 2>/dev/null || true
  # shellcheck disable=SC2016  # it is for the shell inside
  exec unshare --mount --propagation private --pid --fork --kill-child -- bash -ec '
    root=$1
    shift
    for tree in dev sys; do mount --rbind "/$tree" "$root/$tree"; done
    mount -t proc proc "$root/proc"
    while [ "$1" != -- ]; do
      mount --bind "${1%%:*}" "$root${1#*:}"
      shift
    done
    shift
    proxies=
    for proxy in http_proxy https_proxy no_proxy; do proxies+=" ${!proxy+$proxy=${!proxy}}"; done
    exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 \
      CCACHE_DIR=/root/.cache/ccache $proxies sh -c "cd /adit && exec \"\$@\"" sh "$@"
  ' bash "$root" "$cache:/root/.cache/ccache" "$@"
}
