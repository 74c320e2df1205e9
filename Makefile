# `make demo` and `make test` need Python 3.11 or 3.12, pip, and nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN := .venv/bin
# Tests side by side, as many as there are processors (more take more time in all); 0: one after the other.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')
PYTEST := $(BIN)/pytest -n $(JOBS)
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet

# Compiled files are kept, also where the environment says otherwise: tests start many processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo up test tests test-fast test-browser test-chaos test-training test-soak test-compose test-real fuzz chaos bench bench-check check audit format lock clean install test-release pages docs

demo: .venv/running
	$(BIN)/tagger demo

# What running it takes; tests take more, and install it by themselves.
install: .venv/running

# The service in containers. Where it does not start, docker-compose tells only that `migrate` failed,
# which checks the settings first: its log, which has the reason, is shown.
COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
up:
	@$(COMPOSE) up -d --build $(UP) || { $(COMPOSE) logs --no-color --tail 5 migrate; exit 1; }

# The checks run beside the tests, which leave a processor idle now and then.
test: .venv/installed
	@$(MAKE) --no-print-directory -j 2 check tests

tests: .venv/installed
	$(PYTEST) --durations=40 --durations-min=5 -m \
	  "not browser and not chaos and not training and not soak and not compose and not real and not release"

# While one works: without TensorFlow, pictures, the made-up site, Postgres, a browser, and what takes a second.
test-fast: .venv/installed
	$(BIN)/pytest -n logical --ignore tests/trainer/systems --ignore tests/trainer/report --ignore tests/trainer/compare \
	  --ignore tests/demo/site --ignore tests/chaos --ignore tests/release --ignore tests/tools --ignore tests/review/browser -m \
	  "not slow and not postgres and not browser and not chaos and not training and not compose and not real and not release"

# In a headless Chromium.
test-browser: .venv/installed
	$(PYTEST) -m "browser and not soak"

# Networks of each kind are fitted; `make test` fits a few.
test-training: .venv/installed
	$(PYTEST) -m "training and not soak and not real"

# Processes are killed, brokers emptied, networks broken.
test-chaos: .venv/installed
	$(PYTEST) -m "chaos and not soak"

test-soak: .venv/installed
	$(PYTEST) -m soak

test-compose: .venv/installed
	$(BIN)/pytest -m compose

test-real: .venv/installed
	$(PYTEST) -m real

# The wheel in clean environments, with each extra, on each Python.
test-release: .venv/installed
	$(BIN)/pytest -m release

# Hostile bytes through every door, so many of them; with other random numbers: make fuzz SEED=2.
# atheris, which guides them, has wheels for Linux on x86-64; elsewhere they are random.
FUZZ ?= 100000
SEED ?= 1
fuzz: .venv/installed
	$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --no-deps \
	  --disable-pip-version-check --require-hashes -r tests/doors/requirements.lock || echo 'without atheris'
	$(BIN)/python -m tests.doors.fuzz --inputs $(FUZZ) --seed $(SEED)

# Faults from outside on all processes for so many minutes: make chaos SEED=2 DB=postgres MINUTES=10.
# BROKER=rabbitmq takes that in place of Redis, UP=1 lets tagger up run the services.
DB ?= sqlite
BROKER ?= redis
UP ?=
MINUTES ?= 5
chaos: .venv/installed
	$(BIN)/python -m tests.chaos --seed $(SEED) --database $(DB) --minutes $(MINUTES) --broker $(BROKER) $(if $(UP),--up)

# All figures of docs/performance.md, as a table and a picture; then what people wait for on the
# server, with as many questions as a large site has. It needs a trained bundle and a file of
# questions: make bench BUNDLE=model.zip QUESTIONS=questions.jsonl.gz
bench: .venv/installed
	@test -f "$(BUNDLE)" -a -f "$(QUESTIONS)" || { echo 'Name both: make bench BUNDLE=model.zip QUESTIONS=questions.jsonl.gz (tagger models export writes a bundle)'; exit 2; }
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/report/figures.py "$(BUNDLE)" "$(QUESTIONS)"
	dir=$$(mktemp -d) && for script in review_queue review_pages; do \
	  PYTHONPATH=. $(BIN)/python benchmarks/$$script.py --database sqlite --questions 100000 --folder $$dir && \
	  PYTHONPATH=. $(BIN)/python benchmarks/$$script.py --database postgres --questions 1000000 --folder $$dir \
	  || exit 1; done; rm -rf $$dir
	PYTHONPATH=. $(BIN)/python benchmarks/queries.py

# The whole job beside a naive pipeline. It needs a trained bundle and a file of questions:
# make bench-check BUNDLE=model.zip QUESTIONS=questions.jsonl.gz
bench-check: .venv/installed
	@test -f "$(BUNDLE)" -a -f "$(QUESTIONS)" || { echo 'Name both: make bench-check BUNDLE=model.zip QUESTIONS=questions.jsonl.gz (tagger models export writes a bundle)'; exit 2; }
	PYTHONPATH=. $(BIN)/python benchmarks/whole_job.py "$(BUNDLE)" "$(QUESTIONS)" --check

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Known vulnerabilities of what is installed; asks the network.
audit: .venv/installed
	$(BIN)/uv tool run pip-audit --require-hashes --disable-pip -r requirements.lock
	$(BIN)/uv tool run pip-audit --require-hashes --disable-pip -r deploy/sbom.lock

format: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Documents that say what the code says; tests tell when they do not.
pages: .venv/installed
	for page in commands_page alerts_page room_picture; do $(BIN)/python -m tools.$$page || exit 1; done

# All documents as a site in build/site, every link checked.
docs: .venv/installed
	$(BIN)/uv tool run --no-config --python $(BIN)/python --with-requirements docs/requirements.lock --from sphinx \
	  sphinx-build --fail-on-warning --keep-going --nitpicky --quiet docs build/site
	@echo 'build/site/index.html'

# One resolution for everything; the images' are subsets of it, held to the same versions.
lock: .venv/installed
	$(LOCK) --all-extras -o requirements.lock
	$(LOCK) -c requirements.lock --extra review -o requirements.base.lock
	$(LOCK) -c requirements.lock --extra review --extra teacher -o requirements.encoder.lock
	$(LOCK) -c requirements.lock --extra trainer -o requirements.trainer.lock
	$(LOCK) -c requirements.lock --extra trainer --extra teacher -o requirements.teacher.lock
	echo uv | $(BIN)/uv pip compile - -c requirements.lock --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --quiet --no-header -o requirements.uv.lock
	echo cyclonedx-bom | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --quiet --no-header -o deploy/sbom.lock
	printf 'furo\nmyst-parser\nsphinx\n' | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --quiet --no-header -o docs/requirements.lock

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv takes a fifth of pip's processor time and shows on a terminal how far it is; pip, which comes with
# Python, brings it, and takes its place where uv finds no index (one that pip's own settings name).
# Neither compiles all modules, most of which nobody imports. --no-config: pyproject.toml has a
# constraint for `make lock`, which uv would want pinned here.
HOW = --require-hashes $(foreach lock,$(1),-r $(lock))
QUIET = $(shell test -t 2 || echo --quiet)
INSTALL = $(BIN)/uv pip install --no-config $(QUIET) --python $(BIN)/python $(HOW) || $(PIP) --no-compile $(HOW)

.venv/running: requirements.uv.lock requirements.base.lock requirements.trainer.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v in ((3, 11), (3, 12)) else f"Python 3.11 or 3.12 is needed, found {v[0]}.{v[1]}; set it with: make PYTHON=python3.11")'
	@echo 'Making .venv'
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.uv.lock
	@echo 'Installing packages, TensorFlow among them: 2.6 GB on disk, half a minute or more'
	@$(call INSTALL,requirements.base.lock requirements.trainer.lock)
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed: .venv/running requirements.lock
	@echo 'Installing what tests take: 700 MB on disk, some seconds or more'
	@$(call INSTALL,requirements.lock)
	@touch $@

clean:
	rm -rf .venv
