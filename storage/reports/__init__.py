"""Counts and checks over the archive: completeness, coverage, audit, earlier runs' reports."""
