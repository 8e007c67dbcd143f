"""A benchmark that writes a result and never ends."""

import sys
import time
from pathlib import Path

if __name__ == '__main__':
    Path(sys.argv[-1]).write_text('{"half": 1}')
    time.sleep(10**6)
