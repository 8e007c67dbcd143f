# make help lists the targets.
.PHONY: help demo test test-fast lint docs env clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help:
	@echo 'make demo    a small HIRL pre-training on the CPU'
	@echo 'make test    all tests; make test ARGS="-k name" chooses some'
	@echo '             (compiles mmcv once, about 7 minutes on 2 cores)'
	@echo 'make test-fast   the tests that are not marked slow, 3 minutes'
	@echo '             on 2 cores, without mmcv; takes ARGS too'
	@echo 'make lint    ruff, mypy, codespell and the syntax of shell scripts'
	@echo 'make docs    the documentation as a site, in build/docs'
	@echo 'make env     only create .venv (Python 3.10 to 3.12, about 5 GB);'
	@echo '             make env PYTHON=/path/to/python chooses the Python'
	@echo 'STACK=onedl  with any of these: the maintained fork of OpenMMLab'
	@echo '             in .venv-onedl (Python 3.10 to 3.13), beside .venv'
	@echo 'make clean   delete both environments, build outputs and caches of the tools;'
	@echo '             work_dirs and built mmcv wheels stay'

# As in tools/environment/common.sh, which knows the stacks.
VENV = $(if $(filter-out openmmlab,$(STACK)),.venv-$(STACK),.venv)

docs:
	@tools/environment/add_dev.sh
	$(VENV)/bin/python docs/build_site.py

env:
	@tools/environment/create.sh
	@echo 'using $(VENV)'

demo: env
	$(VENV)/bin/python tools/demo.py $(ARGS)

# A process of pytest on every core, up to 8, each of which needs 2 GB. One
# that has no tests left takes some of another's; ARGS="-n 0" is for pdb.
PYTEST = $(VENV)/bin/python -m pytest \
	--numprocesses auto --maxprocesses 8 --dist worksteal

test:
	@tools/environment/add_detection.sh
	$(PYTEST) $(ARGS)

# The slowest are listed: what takes seconds belongs among the slow ones.
test-fast:
	@tools/environment/add_dev.sh
	$(PYTEST) -m 'not slow' --durations 10 --durations-min 3 $(ARGS)

lint:
	@tools/environment/lint.sh

clean:
	rm -rf .venv .venv-onedl build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
