"""Extraction: pure functions that turn a capture into a draft, or into the reason why there is none.

No network, database, clock or Scrapy belongs here. trafilatura is only used here.
"""

from importlib.metadata import version

EXTRACTOR = f"broadsheet/{version('broadsheet')} trafilatura/{version('trafilatura')}"
"""The `extractor` of a draft."""
