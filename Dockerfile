# Two images: `tagger` for everything but training, `tagger-trainer` with TensorFlow.
# Layers are in the order of how seldom they change.

FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app \
    PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data tagger \
 && install -d -m 700 -o tagger -g tagger /data /data/models \
 && printf '#!/bin/sh\nexec python -m tagger "$@"\n' > /usr/local/bin/tagger \
 && chmod 755 /usr/local/bin/tagger
COPY requirements.base.lock ./
RUN pip install --require-hashes -r requirements.base.lock

FROM base AS tagger
COPY . ./
RUN python -m compileall -q /app
USER tagger
VOLUME /data
ENTRYPOINT ["tagger"]
CMD ["status"]

FROM base AS trainer-packages
COPY requirements.trainer.lock ./
RUN pip install --require-hashes -r requirements.trainer.lock

FROM trainer-packages AS tagger-trainer
COPY . ./
RUN python -m compileall -q /app
USER tagger
VOLUME /data
ENTRYPOINT ["tagger"]
CMD ["worker", "--queues", "training"]
