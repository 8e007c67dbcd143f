import sys

from tests.runs import ROOT

# The modules beside a benchmark are imported as the script imports them.
sys.path.insert(0, str(ROOT / 'benchmarks'))
