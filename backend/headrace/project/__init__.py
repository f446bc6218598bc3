"""A project on disk: the model of pipelines and blocks, reader and writer of their files."""
