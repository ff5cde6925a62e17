"""How a capture becomes a draft: pure functions, a capture in, a draft (or why there is none) out.

No network, no database, no clock, no Scrapy. trafilatura lives here alone.
"""

from importlib.metadata import version

EXTRACTOR = f"broadsheet/{version('broadsheet')} trafilatura/{version('trafilatura')}"
"""What a draft names as its reader."""
