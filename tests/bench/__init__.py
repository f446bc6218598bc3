"""Measures what docs/performance.md promises; asserts nothing about absolute time."""
