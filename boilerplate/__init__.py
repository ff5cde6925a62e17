"""Finds and removes a publisher's boilerplate in paragraphs and pages; the publisher's texts come as data."""
