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
WORKFLOW  ?= all
NAME      ?=
RESUME    ?=
CONTAINERS ?= local
BATCH_SYSTEM ?= none
REGISTRY  ?= ghcr.io/assay-hep
TAG       ?=
BASE      ?=
TORCH     ?= cpu
INDEX     ?=
PAGE      ?=
IMAGES    ?= physics ml

BIN       := $(VENV)/bin
ASSAY     := $(BIN)/assay
LOCKS     := requirements/torch.txt requirements/all.txt
READY     := $(VENV)/.ready
MADMINER  := .venv-madminer
NEXT      := .venv-yadage-next
DOCS      := .venv-docs
RUN_FLAGS := $(if $(RUN),--output $(RUN)) $(if $(JOBS),--processes $(JOBS)) --containers $(CONTAINERS) --batch-system $(BATCH_SYSTEM)
REANA_FLAGS := $(if $(EVENTS),--events $(EVENTS)) $(if $(NAME),--name $(NAME)) $(if $(RUN),--output $(RUN)) $(if $(RESUME),--resume $(RESUME))
IMAGE_FLAGS := --registry $(REGISTRY) $(if $(TAG),--tag $(TAG))

.DEFAULT_GOAL := help
.PHONY: help setup run-yadage run-yadage-physics run-yadage-ml run-reana status validate test test-fast test-faults check-default-study bench lint docs notebooks images check-images push lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# torch apart: its CPU and CUDA builds differ; everything else is locked with hashes
$(READY): $(LOCKS) pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Assay needs Python 3.11 or newer, this is " + sys.version) if sys.version_info < (3, 11) else None'
	@echo "setting up $(VENV): torch first, then all else; some minutes, without further words"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-cache-dir -r requirements/torch.txt
	$(BIN)/python -m pip install --quiet --no-cache-dir --no-deps --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# madminer 0.9.6 and what it needs, for tests/interchange alone
$(MADMINER)/.ready: requirements/torch.txt requirements/madminer.txt
	$(PYTHON) -m venv $(MADMINER)
	$(MADMINER)/bin/python -m pip install --quiet --no-cache-dir -r requirements/torch.txt
	$(MADMINER)/bin/python -m pip install --quiet --no-cache-dir --no-deps --require-hashes -r requirements/madminer.txt
	@touch $@

# the yadage that coming releases of REANA deploy, for the tests that run the specifications with both
$(NEXT)/.ready: requirements/yadage-next.txt
	$(PYTHON) -m venv $(NEXT)
	$(NEXT)/bin/python -m pip install --quiet --no-cache-dir --no-deps --require-hashes -r requirements/yadage-next.txt
	@touch $@

# mkdocs, which wants other versions than reana-client
$(DOCS)/.ready: requirements/docs.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --no-cache-dir --no-deps --require-hashes -r requirements/docs.txt
	@touch $@

setup: $(READY) ## set up the environment in .venv

run-yadage: $(READY) ## run STUDY (default input/input.yml) to its report; again: continues
	$(ASSAY) run --study $(STUDY) $(RUN_FLAGS)

run-yadage-physics: $(READY) ## stages 1-6 alone: to the event file
	$(ASSAY) run --study $(STUDY) --part physics $(RUN_FLAGS)

run-yadage-ml: $(READY) ## stages 7-11 alone: from EVENTS=file.h5
	$(ASSAY) run --study $(STUDY) --part ml $(if $(EVENTS),--events $(EVENTS)) $(RUN_FLAGS)

run-reana: $(READY) ## run STUDY on REANA: WORKFLOW=all|physics|ml, EVENTS=, NAME=, RESUME=run (docs/reana.md)
	$(ASSAY) reana --study $(STUDY) --part $(WORKFLOW) $(REANA_FLAGS)

status: $(READY) ## where RUN stands (default the newest): stages, jobs, logs
	@$(ASSAY) status $(RUN) || [ $$? -eq 3 ]  # 3: it runs

validate: $(READY) ## check STUDY without running anything
	$(ASSAY) validate $(STUDY)

test: $(READY) $(MADMINER)/.ready $(NEXT)/.ready $(DOCS)/.ready ## all tests, types and style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadscope

test-fast: $(READY) ## tests that end within seconds each
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadscope -m 'fast and not slow'

test-faults: $(READY) ## the campaign of faults at five times its size in `make test` (FACTOR=5): twenty minutes or more; needs root for small disks
	ASSAY_FAULTS=$(or $(FACTOR),5) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist load -rP tests/faults

check-default-study: $(READY) ## does the default run show what it has to?
	$(BIN)/python -m pytest -m default_study tests/default_study

bench: $(READY) $(MADMINER)/.ready ## all benchmarks, beside madminer: runs/benchmarks.json; PAGE=docs/benchmarks.md writes the page
	$(BIN)/python benchmarks/run_all.py --output runs/benchmarks.json $(if $(PAGE),--page $(PAGE))

lint: $(READY) ## types and style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY) $(DOCS)/.ready ## the documentation as a site: site/index.html
	$(BIN)/python -m assay.cli.reference
	$(DOCS)/bin/mkdocs build --strict --quiet

notebooks: $(READY) ## execute docs/notebooks anew and save their outputs
	OMP_NUM_THREADS=1 $(BIN)/python scripts/notebooks.py

images: $(READY) ## build the container images: INDEX= address of torch's CPU builds, or TORCH=cuda; BASE= another base image
	$(ASSAY) images build $(IMAGES) $(IMAGE_FLAGS) --torch $(TORCH) $(if $(BASE),--base $(BASE)) $(if $(INDEX),--index $(INDEX))

check-images: $(READY) ## does everything work inside the images, as REANA runs them?
	$(ASSAY) images inspect $(IMAGES) $(IMAGE_FLAGS)
	$(ASSAY) images check $(IMAGES) $(IMAGE_FLAGS)

push: $(READY) ## push the images to REGISTRY=...; TAG= as in `make images`
	$(ASSAY) images push $(IMAGES) $(IMAGE_FLAGS)

lock: $(READY) ## resolve the locked requirements anew
	PATH=$(abspath $(BIN)):$$PATH scripts/lock

clean: ## remove the environment and all runs
	rm -rf $(VENV) $(MADMINER) $(NEXT) $(DOCS) site runs
