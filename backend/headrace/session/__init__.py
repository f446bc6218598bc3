"""The live state machine of a pipeline, and the thin shell that carries out what it decides."""
