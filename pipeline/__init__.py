"""The steps of a run, without Prefect: discover, fetch, load, interpret, import, reprocess, check, report."""
