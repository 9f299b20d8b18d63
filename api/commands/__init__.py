"""What the `confero` command does, one file a subject; `api/cli.py` holds the words and options."""
