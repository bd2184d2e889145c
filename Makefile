# Two commands: `make` runs the main job on the embedded default, `make test` runs every check.
PYTHON ?= python3
CORES ?= 2
VENV := .venv/bin

.PHONY: all setup setup-dev docs relative-path test test-all lock clean

all: setup
	$(VENV)/snakemake all figures report --cores $(CORES) --logger fusebench

setup: .venv/ready
setup-dev: .venv/ready-dev .venv/crate/ready .venv/docs/ready

.venv/bin/uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"fusebench needs Python 3.11 or newer; $(PYTHON) is {v.major}.{v.minor}. Run: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(VENV)/python -m pip install --quiet --require-hashes --requirement requirements-uv.lock
	touch $@

.venv/ready: .venv/bin/uv requirements.lock pyproject.toml
	VIRTUAL_ENV=.venv $(VENV)/uv pip install --quiet --require-hashes --compile-bytecode --requirement requirements.lock
	VIRTUAL_ENV=.venv $(VENV)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(MAKE) --silent relative-path
	$(VENV)/python -m compileall -q workflow/fusebench
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	VIRTUAL_ENV=.venv $(VENV)/uv pip install --quiet --require-hashes --compile-bytecode --requirement requirements-dev.lock
	touch $@

# The validator of RO-Crates, in an environment of its own: it needs an older rich than import-linter does.
.venv/crate/ready: .venv/ready requirements-crate.lock
	$(VENV)/uv venv --quiet --allow-existing .venv/crate
	VIRTUAL_ENV=.venv/crate $(VENV)/uv pip install --quiet --require-hashes --requirement requirements-crate.lock
	touch $@

# What makes the documentation a site: build/site.
.venv/docs/ready: .venv/ready requirements-docs.lock
	$(VENV)/uv venv --quiet --allow-existing .venv/docs
	VIRTUAL_ENV=.venv/docs $(VENV)/uv pip install --quiet --require-hashes --requirement requirements-docs.lock
	touch $@

docs: .venv/docs/ready
	NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs build --strict --quiet

# A path that is not ASCII, in this file, keeps Python from starting under LC_ALL=C: it is made relative.
relative-path:
	for file in .venv/lib/python3.*/site-packages/__editable__.fusebench-*.pth; do echo ../../../../workflow > "$$file"; done

test: setup-dev
	bash .ci/check

test-all: setup-dev
	bash .ci/check --run-slow

# The locks of fusebench itself, for every supported Python; those of the methods are made by `fusebench lock`.
lock:
	echo uv | $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url - --output-file requirements-uv.lock
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml --output-file requirements.lock
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --extra dev --constraint requirements.lock pyproject.toml --output-file requirements-dev.lock
	printf 'roc-validator\nrocrate\n' | $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url - --output-file requirements-crate.lock
	echo mkdocs-material | $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url - --output-file requirements-docs.lock

clean:
	rm -rf .venv results resources logs .snakemake
