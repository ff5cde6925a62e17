"""Reading WARC files: records one by one, a cut or a damaged one told from a whole one."""
