"""Tables and their migrations, and all SQL. Nothing here fetches, interprets a page or decides when something runs.

An outcome comes in, is stored and counted once, and can be found again. A shelf each: `schema`, `ledger`, `captures`,
`warc`, `articles`, `revisions`, `near_duplicates`, `search`, `export`, `reports`, `runs`, `integrity`, `copying`.
"""
