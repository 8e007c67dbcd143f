"""Options, clocks, memory and tables that all benchmarks share."""
