# One image for both services; the command chooses which. `--target local-aws` is the AWS stand-in.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements/runtime.txt .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary=:all: \
        -r runtime.txt \
    && /opt/venv/bin/pip uninstall --yes pip

FROM build AS build-local-aws
COPY requirements/local-aws.txt .
RUN python -m venv /opt/venv-aws \
    && /opt/venv-aws/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r local-aws.txt \
    && /opt/venv-aws/bin/pip uninstall --yes pip

FROM python:3.13-slim-bookworm AS services
# No shell log-in, no home, and nothing that installs or builds: the services write only to /data (SQLite) and
# /tmp (metrics). Packages are changed by building anew.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin clinicmail \
    && install --directory --owner=10001 /data \
    && python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
    && rm -rf /usr/local/lib/python3.13/ensurepip
COPY --from=build /opt/venv /opt/venv
# What is in /opt/venv, for scanners: CycloneDX, made by `make sbom`.
COPY requirements/sbom.json /usr/share/doc/clinic-mail/sbom.json
WORKDIR /srv
COPY shared shared
COPY config_service config_service
COPY webhook_service webhook_service
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 APP_ENV=production
USER 10001
EXPOSE 8001 8002
STOPSIGNAL SIGTERM
CMD ["gunicorn", "-c", "config_service/gunicorn.conf.py"]

FROM services AS local-aws
COPY --from=build-local-aws /opt/venv-aws /opt/venv-aws
COPY local_aws local_aws
ENV APP_ENV=development
EXPOSE 5055
CMD ["python", "-m", "local_aws", "--host", "0.0.0.0", "--ministack", "/opt/venv-aws/bin/ministack"]

# Last, so that a plain `docker build .` makes the services.
FROM services
