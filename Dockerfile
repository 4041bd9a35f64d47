# The harness in one image: simulators, judge, load test and reference provisioner, each a command of its own.
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home espf
COPY requirements-run.lock .
RUN python -m pip install --no-cache-dir --require-hashes -r requirements-run.lock
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir --no-deps /wheels/*.whl
# A volume that is mounted here begins with this owner.
RUN install --directory --owner=espf /reports
USER espf
WORKDIR /home/espf
EXPOSE 17000 17001 17002
# Who listens for others demands a token: ESPF_CONTROL_TOKEN, or one that is told at the start.
CMD ["espf-simulators", "up", "--host", "0.0.0.0"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:17000/_sim/health', timeout=2)"]
