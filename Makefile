# Two commands do everything on a fresh machine with Python 3.11+ and git:
#   make run-yadage    the study of input/input.yml, from events to report
#   make test          all tests
# `make help` lists the rest.

PYTHON    ?= python3
VENV      ?= .venv
STUDY     ?= input/input.yml
RUN       ?=
JOBS      ?=
EVENTS    ?=
CONTAINERS ?= local
REGISTRY  ?= ghcr.io/assay-hep
BASE      ?= python:3.11-slim-bookworm

BIN       := $(VENV)/bin
ASSAY     := $(BIN)/assay
LOCKS     := requirements/torch.txt requirements/all.txt
READY     := $(VENV)/.ready
RUN_FLAGS := $(if $(RUN),--output $(RUN)) $(if $(JOBS),--processes $(JOBS)) --containers $(CONTAINERS)

.DEFAULT_GOAL := help
.PHONY: help setup run-yadage run-yadage-physics run-yadage-ml run-reana validate test test-fast check-default-study lint images lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# torch apart: its CPU and CUDA builds differ; everything else is locked with hashes
$(READY): $(LOCKS) pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Assay needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-cache-dir -r requirements/torch.txt
	$(BIN)/python -m pip install --quiet --no-cache-dir --no-deps --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY) ## set up the environment in .venv

run-yadage: $(READY) ## run STUDY (default input/input.yml) to its report; again: continues
	$(ASSAY) run --study $(STUDY) $(RUN_FLAGS)

run-yadage-physics: $(READY) ## stages 1-6 alone: to the event file
	$(ASSAY) run --study $(STUDY) --part physics $(RUN_FLAGS)

run-yadage-ml: $(READY) ## stages 7-10 alone: from EVENTS=file.h5
	$(ASSAY) run --study $(STUDY) --part ml --events $(EVENTS) $(RUN_FLAGS)

run-reana: $(READY) ## run on REANA (REANA_SERVER_URL and REANA_ACCESS_TOKEN set)
	$(BIN)/reana-client validate -f reana.yml
	$(BIN)/reana-client run -f reana.yml -w assay --follow
	$(BIN)/reana-client download -w assay -o runs/reana

validate: $(READY) ## check STUDY without running anything
	$(ASSAY) validate $(STUDY)

test: $(READY) ## all tests, types and style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadscope

test-fast: $(READY) ## tests that end within seconds each
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadscope -m fast

check-default-study: $(READY) ## does the default run show what it has to?
	$(BIN)/python -m pytest -m default_study tests/default_study

lint: $(READY) ## types and style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

images: ## build the container images (BASE=... for another base image)
	docker build --build-arg BASE=$(BASE) -f images/physics/Dockerfile -t $(REGISTRY)/assay-physics:0.1.0 .
	docker build --build-arg BASE=$(BASE) -f images/ml/Dockerfile -t $(REGISTRY)/assay-ml:0.1.0 .

lock: $(READY) ## resolve the locked requirements anew
	PATH=$(abspath $(BIN)):$$PATH scripts/lock

clean: ## remove the environment and all runs
	rm -rf $(VENV) runs
