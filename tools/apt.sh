# Installing system packages; to be sourced.

# apt as root or with passwordless sudo; fails where there is neither.
apt() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo='sudo -n'; else return 1; fi
    [ -n "${apt_updated:-}" ] || $sudo apt-get update -qq || return 1
    apt_updated=yes
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
