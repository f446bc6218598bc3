"""Fakes for tests of code that stands on Headrace."""
