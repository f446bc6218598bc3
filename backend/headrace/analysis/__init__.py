"""Code text to names, arguments, tables, fingerprints: nothing of a user's code is executed."""
