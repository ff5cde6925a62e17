"""Reading WARC files record by record; truncated and damaged records are detected and distinguished."""
