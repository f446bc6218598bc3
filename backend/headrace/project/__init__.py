"""A project on disk: the model of pipelines and blocks, and the reader and writer of their files."""
