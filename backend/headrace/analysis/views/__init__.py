"""From looking to code: a view of rows, or a chart of it, as the source of a new block. Pure."""
