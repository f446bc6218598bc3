"""Outputs on disk: immutable files named by their content."""
