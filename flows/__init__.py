"""Everything about Prefect, and nothing else: flows, concurrency, schedules, artifacts, hooks and local servers.

A flow is a list of calls into `pipeline`.
"""
