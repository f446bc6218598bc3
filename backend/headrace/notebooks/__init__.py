"""Pipelines and runs as Jupyter notebooks, by nbformat and papermill.

Both libraries are imported in a process of their own only: see `render`.
"""
