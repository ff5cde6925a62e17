"""Prefect and nothing else: the flows, their concurrency, schedule, artifacts and hooks, and our own servers.

What a flow does is a list of calls into `pipeline`.
"""
