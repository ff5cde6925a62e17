"""Redactions: the file of decisions beside the WARC files, the database's copy of it, and the removal of texts."""
