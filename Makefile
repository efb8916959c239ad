# Everything a newcomer needs: `make demo` and `make test`. Each target first brings the environment in $(VENV) up to
# date from the lock files; that is instant when nothing changed. Another interpreter: make test PYTHON=python3.13

VENV   ?= .venv
PYTHON ?=
ARGS   ?=

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONHOME PYTHONPATH
export PYTHONNOUSERSITE := 1

run := $(VENV)/bin
py  := $(run)/python
compile := $(py) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# more than four test processes only starve the processes that the tests themselves start
jobs := -n auto --maxprocesses 4 --dist worksteal

.PHONY: help demo up test lint format bench lock wheel clean environment environment-dev

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.13 picks an interpreter, ARGS='...' adds arguments, e.g. make test ARGS='-k xref'"

demo: environment ## bill an order, keep Siebel and BRM in step, on simulators; show every stage
	@$(run)/o2c demo $(ARGS)

up: environment ## gateway on 8080, simulators of BRM on 8081 and Siebel on 8082, in the foreground
	@$(run)/o2c up $(ARGS)

test: environment-dev ## all tests, in parallel
	@$(py) -m pytest $(jobs) $(ARGS)

lint: environment-dev ## style, types, import rules, contract rules
	@$(py) -m ruff check .
	@$(py) -m ruff format --check .
	@$(py) -m mypy
	@$(run)/lint-imports
	@$(py) -m soapkit.contract_lint wsdl xsd

format: environment-dev ## lay out the code as lint wants it
	@$(py) -m ruff check --fix .
	@$(py) -m ruff format .

bench: environment-dev ## set-up and medians, measured here and now
	@$(py) -m bench $(ARGS)

wheel: environment-dev ## dist/o2c_gateway-*.whl, contracts included
	@$(py) -m build --wheel --no-isolation --outdir dist .

lock: environment-dev ## newest versions into the lock files, for Python 3.11 to 3.13
	@$(py) -m pip install --quiet --upgrade uv
	@$(py) -m pip download --quiet --no-deps --dest build pip
	@rm -f vendor/pip-*.whl && mv build/pip-*.whl vendor/
	@$(compile) pyproject.toml --output-file requirements.lock
	@$(compile) pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(compile) --group build --constraint requirements-dev.lock --output-file requirements-build.lock

clean: ## forget the environment and all that was built or run here
	@rm -rf $(VENV) .venv-* build dist var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@tools/environment.sh $(VENV) run "$(PYTHON)"

environment-dev:
	@tools/environment.sh $(VENV) dev "$(PYTHON)"
