# Builds, tests and starts SchoolGuard; "make" alone lists what can be asked.
#
# Every step leaves a stamp in .venv, so that a second call starts at once. Nothing here needs root, but
# "make test" and "make bench" need Debian packages and name the command that installs them.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# No source packages: nothing is built and no package's own code runs while installing.
INSTALL := $(PIP) install --quiet --require-hashes --only-binary :all:

# A virtual environment holds its own path: one that was moved or copied along is made anew.
ifneq ($(wildcard .venv/home),)
ifneq ($(shell cat .venv/home),$(CURDIR))
$(shell rm -rf .venv)
endif
endif

.PHONY: help
help: ## list the targets
	@echo "SchoolGuard: make TARGET"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18
	@echo
	@echo "  make run UPSTREAM=192.168.1.1@53   resolve allowed names there"
	@echo "  make run ARGS=\"--help\"             further options of serve"
	@echo "  make test PYTEST_ARGS=\"-k names\"   some tests only"
	@echo "  make bench BENCH_ARGS=\"--only warm --seconds 5\"   some figures only"
	@echo "  make PYTHON=/path/to/python3 ...   a Python that is not on the PATH"

.PHONY: run
run: .venv/run.stamp ## set everything up and start a gateway on 127.0.0.1 port 5353
	@exec $(BIN)/schoolguard serve --config config --watch $(if $(UPSTREAM),--upstream '$(UPSTREAM)') $(ARGS)

.PHONY: test
test: packages .venv/test.stamp ## set everything up, then lint, types and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/python -m pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder $(PYTEST_ARGS)

.PHONY: bench
bench: .venv/run.stamp ## measure beside Unbound and dnsmasq; prints a table
	@sh .ci/apt.sh .ci/apt-packages-bench.txt
	@exec $(BIN)/python -m tests.bench $(BENCH_ARGS)

.PHONY: bench-orders
bench-orders: .venv/run.stamp ## as root: time from a partner's order to every gateway, over slow lines
	@sh .ci/apt.sh .ci/apt-packages-bench.txt
	@exec $(BIN)/python -m tests.bench.orders $(BENCH_ARGS)

.PHONY: bench-delta
bench-delta: .venv/run.stamp ## as root: what a day's changes of 3.5 million names cost a gateway in use
	@sh .ci/apt.sh .ci/apt-packages-bench.txt
	@exec $(BIN)/python -m tests.bench.delta $(BENCH_ARGS)

.PHONY: packages
packages: ## install the Debian packages that the tests need (as root)
	@sh .ci/apt.sh .ci/apt-packages.txt

.PHONY: lock
lock: ## write the lock files anew from pyproject.toml
	@sh .ci/lock.sh "$(PYTHON)"

.PHONY: clean
clean: ## remove what was built: .venv, caches, state
	rm -rf .venv build dist state .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/made.stamp:
	@python=$$(sh .ci/python.sh "$(PYTHON)") && echo "Making .venv with $$python" && "$$python" -m venv --clear .venv
	@pwd >.venv/home
	@touch $@

.venv/run.stamp: .venv/made.stamp requirements.lock pyproject.toml
	@echo "Installing SchoolGuard and its libraries into .venv"
	@$(INSTALL) -r requirements.lock || { sh .ci/no-wheels.sh $(BIN)/python; exit 1; }
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements-test.lock
	@echo "Installing the test tools into .venv"
	@$(INSTALL) -r requirements-test.lock || { sh .ci/no-wheels.sh $(BIN)/python; exit 1; }
	@touch $@
