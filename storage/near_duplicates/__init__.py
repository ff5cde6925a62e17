"""Which articles have (nearly) one text, how they differ, and which of them is the primary."""
