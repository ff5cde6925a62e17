"""The ledger: every known URL, its state, what sources said of it, and the outcome of each fetch."""
