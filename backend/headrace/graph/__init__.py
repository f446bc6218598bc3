"""The graph of blocks: edges, order, cycles, staleness. Names only, no I/O."""
