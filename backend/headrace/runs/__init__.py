"""Run history: what ran, when, with what result; triggers and ticks. All SQL of it is here."""
