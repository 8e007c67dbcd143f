"""What everything costs, measured beside its peers in the same run.

Each room holds the benchmarks of one part of the package, and ``common``
what they share. Run them as modules from the root of the repository, for
example ``python -m benchmarks.clustering.kmeans_cpu --quick``.
"""

import os

# The profiler of PyTorch writes warnings on a machine without a GPU. It reads
# this variable when torch is imported.
os.environ.setdefault('KINETO_LOG_LEVEL', '99')
