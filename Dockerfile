# Two images: `tagger` for everything but training, `tagger-trainer` with TensorFlow.
# Layers are in the order of how seldom they change.

FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app ORT_DISABLE_TELEMETRY=1 \
    TAGGER_DATA_DIR=/data PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data tagger \
 && install -d -m 700 -o tagger -g tagger /data /data/models /backups \
 && printf '#!/bin/sh\nexec python -m tagger "$@"\n' > /usr/local/bin/tagger \
 && chmod 755 /usr/local/bin/tagger
# requirements.encoder.lock: the same with what runs a sentence encoder (TAGGER_TEACHER).
ARG BASE_LOCK=requirements.base.lock
COPY requirements.base.lock requirements.encoder.lock ./
RUN pip install --require-hashes -r "$BASE_LOCK"

# Lists what is installed (CycloneDX); it stands in the images, and what makes it does not.
FROM base AS sbom
COPY deploy/sbom.lock ./
RUN python -m venv /sbom && /sbom/bin/pip install --require-hashes -r sbom.lock \
 && /sbom/bin/cyclonedx-py environment --output-reproducible --output-file /sbom/base.json /usr/local/bin/python

FROM base AS tagger
COPY --from=sbom /sbom/base.json /usr/share/sbom/tagger.cdx.json
COPY . ./
RUN python -m compileall -q /app
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Question Tagger" \
      org.opencontainers.image.description="Continuous tag prediction for StackExchange sites" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
USER tagger
ENTRYPOINT ["tagger"]
CMD ["status"]

FROM base AS trainer-packages
# requirements.teacher.lock: the same with what a teacher takes (TAGGER_TEACHER).
ARG TRAINER_LOCK=requirements.trainer.lock
COPY requirements.trainer.lock requirements.teacher.lock ./
RUN pip install --require-hashes -r "$TRAINER_LOCK"

FROM trainer-packages AS trainer-sbom
COPY --from=sbom /sbom /sbom
RUN /sbom/bin/cyclonedx-py environment --output-reproducible --output-file /sbom/trainer.json /usr/local/bin/python

FROM trainer-packages AS tagger-trainer
COPY --from=trainer-sbom /sbom/trainer.json /usr/share/sbom/tagger.cdx.json
COPY . ./
RUN python -m compileall -q /app
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Question Tagger" \
      org.opencontainers.image.description="Continuous tag prediction for StackExchange sites" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
USER tagger
ENTRYPOINT ["tagger"]
CMD ["worker", "--queues", "training"]
