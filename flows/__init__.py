"""When things happen and in what order: flows, and the plain steps that they call.

What a page means belongs to `sites` and `extraction`, what is kept to `storage`, how it is fetched to `spiders`.
Prefect appears in the flows (`ingest`, `refresh`, `backfill`, `reprocessing`, `exporting`, `auditing`) and in what
serves them; every step can be called, and is tested, without it.
"""
