# One image for every process of a deployment: worker, Prefect's server, one-off jobs, and the demo's replica.
# It builds with and without BuildKit.

FROM python:3.13-slim-trixie AS requirements
COPY pyproject.toml ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
        extras = p['optional-dependencies']; \
        print(*p['dependencies'], *extras['s3'], *extras['publish'], *extras['cluster'], sep='\n')" > /requirements.txt


FROM python:3.13-slim-trixie AS builder

# Your own index or mirror: `--build-arg PIP_INDEX_URL=…`. The values are in the history of this stage, which stays
# on the build machine, and in no layer of the image. Certificates: *.crt in docker/certificates, ignored by git.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY docker/certificates/ /usr/local/share/ca-certificates/
RUN update-ca-certificates

WORKDIR /build
# Dependencies change rarely: they get a separate layer, so that a changed program builds in seconds.
COPY constraints.txt ./
COPY --from=requirements /requirements.txt ./
RUN python -m venv /opt/builder \
    && /opt/builder/bin/pip install --constraint constraints.txt hatchling pip \
    # Without pip: nothing is installed at run time.
    && python -m venv --without-pip /opt/broadsheet \
    && /opt/builder/bin/pip --python /opt/broadsheet/bin/python install --constraint constraints.txt -r requirements.txt

COPY . .
RUN /opt/builder/bin/python -m hatchling build --target wheel --directory dist \
    && /opt/builder/bin/pip --python /opt/broadsheet/bin/python install --no-deps dist/*.whl

# Remove what never runs: other packages' tests and C headers, a fifteenth of the size. Bytecode stays: each flow run
# is a new process, which would compile half of Prefect, and could not save it on a read-only file system.
RUN find /opt/broadsheet -type d \( -name tests -o -name test \) -prune -exec rm -r {} + \
    && rm -r /opt/broadsheet/lib/python3.*/site-packages/pyarrow/include


FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Broadsheet" org.opencontainers.image.licenses="Apache-2.0"

# An unprivileged user with a fixed id, so that volumes have the same owner on every machine.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin broadsheet \
    && install --directory --owner 10001 --group 10001 /data /var/lib/prefect
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /opt/broadsheet /opt/broadsheet
COPY docker/databases.py docker/healthy.py docker/worker.py /opt/broadsheet/docker/

# The root file system may be read-only: data is written to /data (the archive), to /var/lib/prefect (the server's
# leases) and to /tmp (nothing worth keeping), where the server also unpacks its UI.
ENV PATH=/opt/broadsheet/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DO_NOT_TRACK=1 \
    PREFECT_HOME=/tmp/prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_SERVER_UI_STATIC_DIRECTORY=/tmp/prefect-pages \
    BROADSHEET_DATA_DIR=/data
WORKDIR /data
USER 10001:10001
# Requests HEALTH_URL; without one, a running process counts as healthy.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=6 CMD ["python", "/opt/broadsheet/docker/healthy.py"]
CMD ["broadsheet", "--help"]
