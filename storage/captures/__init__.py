"""Captures as rows: how far each WARC file is loaded, and which captures decide what an article says."""
