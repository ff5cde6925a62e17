"""Tables, migrations and all SQL. Fetching, interpreting pages and scheduling do not belong here.

Each outcome is stored and counted once, and can be queried afterwards. Subpackages: `schema`, `ledger`, `captures`,
`warc`, `articles`, `revisions`, `near_duplicates`, `search`, `export`, `table`, `reports`, `runs`, `integrity`,
`copying`.
"""
