"""How pages are fetched: Scrapy, its settings with a reason beside each value, and WARC writing.

A crawl is a child process (`python -m spiders JOB.json`) that leaves WARC files and a log line per URL. What a page
means, where it is stored and when a crawl runs belong elsewhere: nothing here knows a database, a ledger or a flow.
"""
