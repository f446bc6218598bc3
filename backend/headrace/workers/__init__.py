"""The processes that execute blocks: a template that forks, workers, and the pool that owns them.

pool ──control──▸ template ──fork──▸ worker | service
  └───────────── frames ────────────────┘
"""
