"""Where things rest: tables and their migrations, the ledger, articles, quarantine, runs, exports, and WARC reading.

SQL lives here and nowhere else. Nothing here fetches, interprets a page or decides when something runs:
an outcome comes in, is stored and counted once, and is found again.

What is a matter of its own has a room of its own: `warc` (reading what was fetched), `likeness` (who has whose text),
`revision` (what a change is), `search`, `export`.
"""
