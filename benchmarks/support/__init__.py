"""What the benchmarks share: options, rows of the report, processes, recorded maps, finished runs."""
