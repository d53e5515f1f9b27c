#!/bin/sh
# Dashboards link to the console's pages: its address is this installation's own, ENMS_PUBLIC_URL. The dashboards of the
# image's volume are made anew at each start, then Grafana's own start follows.
set -eu
from=${ENMS_DASHBOARDS:-/etc/enms/dashboards}
to=${ENMS_DASHBOARDS_TO:-/var/lib/grafana/enms}
url=$(printf '%s' "${ENMS_PUBLIC_URL:-http://localhost:8000}" | sed -e 's|/*$||' -e 's/[&|\\]/\\&/g')
rm -rf "$to"
mkdir -p "$to"
cp -r "$from/." "$to/"
find "$to" -name '*.json' -exec sed -i "s|http://localhost:8000|$url|g" {} +
[ "$#" -gt 0 ] || set -- /run.sh
exec "$@"
