# Two commands serve a newcomer: `make demo` and `make test`. Each sets up all it needs.
PYTHON ?= python3
BIN := .venv/bin
PROTOS := $(wildcard protos/maskmesh/*/*.proto)
MAIN_BRANCH ?= main

.PHONY: setup demo test lint types protos buf unit integration e2e format lock clean help browser

help: ## show this help
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.installed ## create .venv with everything in it

.venv/.installed: pyproject.toml
	@echo "Setting up .venv (about 800 MB of packages, one to three minutes) ..."
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --progress-bar on --editable '.[all]' --group dev
	touch $@

demo: setup ## boot the mesh, annotate a clip of real faces, say where the video lies
	$(BIN)/maskmesh demo

test: setup lint types unit integration e2e ## everything that CI runs

lint: setup buf ## style of code and protos
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict on services, clients and the command line
	@mkdir -p build/typed/maskmesh
	@for part in v1 inference; do ln -sfn ../../../protos/maskmesh/$$part build/typed/maskmesh/$$part; done
	@for part in services clients training cli bench; do ln -sfn ../../../$$part build/typed/maskmesh/$$part; done
	@for file in __init__.py py.typed; do ln -sfn ../../../protos/maskmesh/$$file build/typed/maskmesh/$$file; done
	MYPYPATH=build/typed $(BIN)/mypy -p maskmesh

buf: setup ## lint the protos, and hold them against the main branch for breaking changes
	$(BIN)/buf lint
	@if git rev-parse --verify --quiet $(MAIN_BRANCH):protos/maskmesh/v1 >/dev/null; \
	then $(BIN)/buf breaking --against '.git#branch=$(MAIN_BRANCH)'; \
	else echo "buf breaking: no branch $(MAIN_BRANCH) with protos here, nothing to hold against"; fi

protos: setup ## generate the Python code of the contract anew
	$(BIN)/python -m grpc_tools.protoc -Iprotos --python_out=protos --grpc_python_out=protos \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --mypy_out=quiet:protos \
		--plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc --mypy_grpc_out=quiet:protos \
		$(PROTOS)

unit: setup ## tests without servers
	$(BIN)/pytest tests/unit

integration: setup ## tests over real servers on loopback
	$(BIN)/pytest tests/integration

e2e: setup ## tests with real processes
	$(BIN)/pytest tests/e2e

browser: ## install Debian's Chromium, which the tests of the page need (as root)
	apt-get install --yes --no-install-recommends chromium

format: setup ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command 'make lock' pyproject.toml

lock: setup ## write the exact packages, with hashes: of the services, and of all
	$(LOCK) --extra client --extra location --extra synthesis --extra classification \
		--extra observing --output-file requirements/services.txt
	$(LOCK) --extra all --group dev --output-file requirements/all.txt

clean: ## remove what was built, keep .venv
	rm -rf build dist out .mypy_cache .ruff_cache .pytest_cache
