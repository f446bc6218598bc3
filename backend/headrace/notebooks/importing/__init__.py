"""Any notebook → a pipeline: read it, cut it into blocks, prove that both give the same."""
