# The service alone, without the embedded PostgreSQL: a container is given its database.
# Pin the base by digest with --build-arg PYTHON_IMAGE=python:…@sha256:… (docs/operations.md).
ARG PYTHON_IMAGE=python:3.13.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
RUN python -m venv /opt/web-behavior
# The locked packages come first: they change less often than the code, and so stay in the builder's cache.
COPY requirements-image.lock ./
RUN /opt/web-behavior/bin/pip install -q --only-binary :all: --require-hashes --no-deps -r requirements-image.lock
COPY . .
# What installs is not needed any more once everything is installed.
RUN /opt/web-behavior/bin/pip install -q --no-index --no-build-isolation --no-deps . \
    && /opt/web-behavior/bin/pip uninstall -q -y setuptools pip

FROM ${PYTHON_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="web-behavior" \
      org.opencontainers.image.description="Behaviour analytics: browsing events in over REST, typed questions answered over GraphQL." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/web-behavior /opt/web-behavior
# Safe by default: ENV=prod starts with neither a weak secret nor an unencrypted address. Nothing is written with it; only
# the development secret would be, in DATA_DIR.
ENV PATH=/opt/web-behavior/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENV=prod \
    HOST=0.0.0.0 \
    PORT=8080 \
    DATA_DIR=/tmp/web-behavior
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 CMD ["python", "-m", "app.probe", "ready"]
ENTRYPOINT ["web-behavior"]
CMD ["serve"]
