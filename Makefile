# Everything runs in .venv, which is made on first use, and again only after requirements.lock or
# pyproject.toml changed.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
READY := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install conformance loadtest test prove lint types format docs check audit audited lock system-packages clean
# Parallel targets would mix their lines and compete for the processors that the waits are measured on.
.NOTPARALLEL:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(READY) ## Make .venv with all that the project needs; the other targets do so too

conformance: $(READY) ## Judge the reference provisioner; ARGS="--only STATUS-VALUES" adds options
	@$(BIN)/espf-conformance run --target reference -n 4 --report-dir reports $(ARGS)

loadtest: $(READY) ## Load the reference for a minute; ARGS="--scenario ramp" chooses another load
	@$(BIN)/espf-loadtest run --target reference --report-dir reports/load $(ARGS)

# For half of their time they wait for processes of their own, so that two processors carry three at once.
test: $(READY) ## Run the harness's own tests; ARGS="-k clock" adds options
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

prove: $(READY) ## Judge all faulty and legal provisioners, and write docs/proof.md; about half an hour
	@$(BIN)/python tests/prove.py $(ARGS)

lint: $(READY) ## Look for mistakes and for unformatted code
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(READY) ## Check the type hints
	@$(BIN)/mypy

format: $(READY) ## Format the code and mend what can be mended without a decision
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

docs: $(READY) ## Write docs/requirements.md and docs/reference.md from the code
	@$(BIN)/espf-conformance list --markdown > docs/requirements.md
	@$(BIN)/python tests/write_reference.py > docs/reference.md

# The tests run last, so that the output ends with the test runner's own closing line.
check: lint types audited conformance test ## Run all that CI runs

audit: $(READY) ## Look for known weaknesses of the locked packages, in a public database of advisories
	@$(BIN)/uv tool run --quiet pip-audit --strict --disable-pip --require-hashes -r requirements.lock $(ARGS)

# Advisories change without us: in CI they are told, and fail nothing that passed the day before.
audited: $(READY)
	@$(MAKE) --no-print-directory audit ARGS= || echo "The audit found weaknesses, or nobody to ask: see above."

# Not after $(READY): what pyproject.toml newly asks for cannot be installed before it is locked.
lock: ## Bring both locks up to date with pyproject.toml; ARGS=--upgrade takes newer versions
	@test -x $(BIN)/uv || $(MAKE) --no-print-directory $(READY)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev \
		--no-annotate --no-header $(ARGS) pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--constraints requirements.lock --no-annotate --no-header pyproject.toml -o requirements-run.lock

system-packages: ## Install the Debian packages of system-packages.txt that are missing (needs root)
	@missing=; for package in $$(sed 's/#.*//' system-packages.txt); do \
		dpkg-query --show --showformat '$${db:Status-Status}\n' "$$package" 2>/dev/null | grep -qx installed \
			|| missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then \
		echo "No Debian package is missing."; \
	else \
		echo "Installing Debian packages:$$missing"; \
		apt-get -qq update \
			&& DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $$missing; \
	fi

clean: ## Remove all that the other targets made, .venv included
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache dist reports
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is not: name one, as in make test PYTHON=python3.12." >&2; \
		exit 1; }
	@echo "Installing the locked requirements into .venv; this happens once."
	@$(PYTHON) -m venv .venv || { \
		echo "$(PYTHON) cannot make a virtual environment; on Debian, install the package python3-venv." >&2; \
		exit 1; }
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check \
		--require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip --quiet check
	@touch $@
