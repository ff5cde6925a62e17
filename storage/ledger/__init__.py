"""The ledger: every known URL, its state, its sightings in sources, and the outcome of each fetch."""
