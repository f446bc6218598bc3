"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the example holds.
settings.register_profile("headrace", deadline=None)
settings.load_profile("headrace")
