"""The wire: commands go down, events come up, tables are what both are made of.

This package is the only place where a message is defined; the TypeScript types and `openapi.json`
are generated from it.
"""
