"""Near-duplicates: which articles share a text, how they differ, and which of them is the primary."""
