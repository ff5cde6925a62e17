"""Tables of texts: reads CSV, TSV, JSON Lines, JSON arrays and Parquet row by row, whatever their size.

What a row means does not belong here: see `extraction.row`.
"""
