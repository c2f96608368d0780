# `make conformance` and `make test` need Python 3.11 or later with its venv module, make, and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NAME ?= guest
PORT ?= 8092
SECONDS ?= 600
MINUTES ?= 30

.PHONY: help conformance test exports codecs server client bench fuzz soak mutants clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 24

# The checkout itself is not installed: every program runs from the root of the repository.
$(READY): pyproject.toml requirements.txt
	@echo "setting up $(VENV) (once; half a minute or so)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $(READY)

conformance: $(READY) ## run the suite against the reference server and client
	$(BIN)/python -m conformance

test: $(READY) ## lint, types, import contracts, generated files, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m conformance sessions --check
	$(BIN)/python -m codegen --check
	$(BIN)/python -m codegen lint
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore tests/exports

exports: $(READY) ## read spec/exports/ with the tools that it is for: Kaitai Struct, tshark, a browser
	$(BIN)/python -m pytest -n auto tests/exports

# The sessions of the document are cases, played on paper with the codecs that were generated before.
codecs: $(READY) ## generate codecs, tables, protocol.txt and the exports from spec/
	$(BIN)/python -m codegen
	$(BIN)/python -m conformance.language.schema
	$(BIN)/python -m conformance sessions
	$(BIN)/python -m codegen

server: $(READY) ## run the reference server (PORT=8092)
	$(BIN)/python -m reference_server --port $(PORT)

client: $(READY) ## run the reference client (NAME=ann PORT=8092)
	$(BIN)/python -m reference_client $(NAME) --port $(PORT)

bench: $(READY) ## run the benchmarks
	$(BIN)/python -m benchmarks

# atheris has no wheel for some Pythons; then `python -m tests.fuzz` says that it is skipped.
fuzz: $(READY) ## look for bytes that break the codecs or the connection (SECONDS=600)
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--only-binary :all: --requirement requirements-fuzz.txt 2>/dev/null || true
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

soak: $(READY) ## load the server for long, with clients that examine every frame (MINUTES=30)
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

mutants: $(READY) ## try the suite on reference programs that are broken on purpose
	$(BIN)/python -m tests.mutants

clean: ## remove what was generated here and is not in the repository
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
