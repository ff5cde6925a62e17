"""What a person looks at: the pages of the reader and the JSON API. No SQL, no logic of the archive.

A page is one module in `web/routes/` and its templates; `web/routes/` is searched, so nothing lists it.
"""
