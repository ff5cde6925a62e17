"""Articles as they change: what a change is, its class, and the former versions."""
