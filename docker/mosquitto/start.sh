#!/bin/sh
# Puts the accounts where mosquitto reads them, then becomes mosquitto. A secret keeps the mode and the owner it has on
# the machine outside; mosquitto wants its accounts for itself.
set -eu
umask 077
for secret in mosquitto_passwd mosquitto_gateways; do
    [ -e "/run/secrets/$secret" ] || { echo "secret $secret is missing: python3 docker/make_secrets.py" >&2; exit 1; }
done
cp /run/secrets/mosquitto_passwd /mosquitto/passwd
# One file is all that mosquitto reads: ours for everybody, then what Sparkplug gateways may do one by one.
cat /mosquitto/config/acl /run/secrets/mosquitto_gateways > /mosquitto/acl
cp /mosquitto/config/mosquitto.conf /mosquitto/mosquitto.conf
if [ -e /run/secrets/mqtt_tls_key ]; then
    cp /run/secrets/mqtt_tls_cert /mosquitto/tls.crt
    cp /run/secrets/mqtt_tls_key /mosquitto/tls.key
    printf 'listener 8883\ncertfile /mosquitto/tls.crt\nkeyfile /mosquitto/tls.key\ntls_version tlsv1.2\n' \
        >> /mosquitto/mosquitto.conf
fi
if [ "$(id -u)" = 0 ]; then
    chown mosquitto /mosquitto/passwd /mosquitto/acl /mosquitto/mosquitto.conf
    if [ -e /mosquitto/tls.key ]; then chown mosquitto /mosquitto/tls.crt /mosquitto/tls.key; fi
fi
exec mosquitto -c /mosquitto/mosquitto.conf
