# docker build -t taskmanager .
# docker run -d -p 8000:8000 -v taskmanager:/data taskmanager
#
# Built without BuildKit as well. At run time it writes to /data alone: --read-only and --cap-drop=ALL are fine.

FROM node:24-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --ignore-scripts
COPY web/ ./
RUN npm run build

FROM python:3.13-slim AS wheels
WORKDIR /src
COPY requirements.txt requirements-otel.txt ./
# docker build --build-arg MORE="-r requirements-otel.txt" . for traces.
ARG MORE=""
RUN python -m venv --without-pip /opt/taskmanager \
    && python -m pip --python /opt/taskmanager/bin/python install \
       --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements.txt ${MORE}

FROM python:3.13-slim
ENV PATH=/opt/taskmanager/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TASKMANAGER_DATA_DIR=/data \
    TASKMANAGER_HOST=0.0.0.0 \
    TASKMANAGER_PORT=8000 \
    TASKMANAGER_WEB_BUILD=off
WORKDIR /app
RUN groupadd --gid 10001 taskmanager \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin taskmanager \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=wheels /opt/taskmanager /opt/taskmanager
COPY alembic.ini app.py requirements.txt LICENSE ./
COPY bootstrap ./bootstrap
COPY migrations ./migrations
COPY taskmanager ./taskmanager
COPY --from=web /src/web/dist ./web/dist
RUN python -m compileall -q .
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD \
    ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['TASKMANAGER_PORT']}/health/live\", timeout=4)"]
ENTRYPOINT ["python", "app.py"]
CMD ["serve"]
