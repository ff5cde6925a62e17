"""Capture rows: how far each WARC file is loaded, and which captures determine what an article says."""
