"""Finds and removes boilerplate in paragraphs and pages. The publisher's own texts come in as data."""
