"""The documentation: its command blocks, its generated pages, its site."""
