"""Measurements that anybody can repeat: `make bench`, or `python -m benchmarks SECTION`."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Simulated time, and SQLite without its thread, are at home with the tests.
sys.path.append(str(ROOT / "tests"))
