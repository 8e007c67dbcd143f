# make help lists the targets.
.PHONY: help demo test lint env clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help:
	@echo 'make demo    a small HIRL pre-training on the CPU'
	@echo 'make test    the tests; make test ARGS="-k name" chooses some'
	@echo '             (compiles mmcv once, about 7 minutes on 2 cores)'
	@echo 'make lint    ruff, codespell and the syntax of shell scripts'
	@echo 'make env     only create .venv (Python 3.10 to 3.12, about 5 GB);'
	@echo '             make env PYTHON=/path/to/python chooses the Python'
	@echo 'make clean   delete .venv, build outputs and caches of the tools;'
	@echo '             work_dirs and built mmcv wheels stay'

env:
	@tools/environment/create.sh
	@echo 'using .venv'

demo: env
	.venv/bin/python tools/demo.py $(ARGS)

test:
	@tools/environment/add_detection.sh
	.venv/bin/python -m pytest $(ARGS)

lint:
	@tools/environment/lint.sh

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
