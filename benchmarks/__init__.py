"""Benchmarks of time and memory beside other implementations.

Each subpackage holds the benchmarks of one part of the package; ``common``
holds what they share. Run them as modules from the root of the repository,
for example ``python -m benchmarks.clustering.kmeans_cpu --quick``.
"""

import os

# The profiler of PyTorch writes warnings on a machine without a GPU. It reads
# this variable when torch is imported.
os.environ.setdefault('KINETO_LOG_LEVEL', '99')
