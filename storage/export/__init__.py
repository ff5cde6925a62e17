"""Exports: the articles as files that other programs load."""
