"""What every other layer stands on: errors, ids, the clock, paths, durable files."""
