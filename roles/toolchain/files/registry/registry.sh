#!/bin/sh
# Serves images at the address $1, with a certificate of an authority of its own, both made at the first start.
# `registry login NAME` takes the password of NAME, the only account, from its standard input; before that nobody may log in.
set -eu
umask 077
cd /var/lib/docker-registry

if [ "$1" = login ]; then
  htpasswd -niB "$2" >htpasswd.new
  mv htpasswd.new htpasswd
  exit
fi

if [ ! -s server.crt ]; then
  make() { openssl req -quiet -x509 -newkey rsa:2048 -nodes -days 3650 "$@"; }
  make -keyout ca.key -out ca.crt -subj "/CN=registry at $1" -addext keyUsage=critical,keyCertSign,cRLSign
  make -keyout server.key -out server.part -subj "/CN=$1" -CA ca.crt -CAkey ca.key \
    -addext "subjectAltName=IP:$1" -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature
  mv server.part server.crt
fi
[ -e htpasswd ] || touch htpasswd
exec docker-registry serve /etc/docker/registry/config.yml
