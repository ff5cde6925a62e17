"""Articles as the archive returns them."""
