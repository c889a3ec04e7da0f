# The two commands of the README, and the few of daily work.  Each sets up .venv itself.

# What pytest makes of the tests' assertions is kept from run to run: half of what it takes to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check docs lock clean

demo: .venv/installed
	@kernels/demo

# On every core; a plain `.venv/bin/python -m pytest PATH` runs one after the other.
test: .venv/installed-dev
	.venv/bin/python -m pytest -n auto --dist worksteal

check: .venv/installed-dev
	./check

# The site; it is read from build/site/index.html, and loads nothing from elsewhere.
docs: .venv/installed-dev
	.venv/bin/python -m sphinx -W --keep-going -n -q docs build/site

# Rewrite the lock files from the ranges in pyproject.toml: exact versions and hashes, no address.
lock: .venv/installed-dev
	.ci/lock

clean:
	rm -rf .venv build hypabi.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/installed: requirements.lock pyproject.toml .ci/venv
	@.ci/venv requirements.lock
	@touch $@

.venv/installed-dev: requirements-dev.lock pyproject.toml .ci/venv
	@.ci/venv requirements-dev.lock
	@touch .venv/installed $@
