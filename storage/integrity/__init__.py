"""Integrity: checks the database against its WARC files and itself, and repairs what does not match."""
