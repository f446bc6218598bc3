"""Other engines, each run by the interpreter that has it; see `tests.bench.bench_peers`."""
