"""When things happen and in what order: flows, and the plain steps that they call.

What a page means belongs to `sites` and `extraction`, what is kept to `storage`, how it is fetched to `spiders`.
Prefect appears in `flows.ingest` alone; every step can be called, and is tested, without it.
"""
