"""Fetching pages: Scrapy, its settings with a reason for each value, and the WARC writer.

A crawl is a child process (`python -m spiders JOB.json`) that writes WARC files and a log line per URL. What a page
means, where it is stored and when a crawl runs belong elsewhere: nothing here knows a database, a ledger or a flow.
"""
