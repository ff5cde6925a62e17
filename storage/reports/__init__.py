"""Counts and checks over the archive: completeness, coverage, audit, what earlier runs reported."""
