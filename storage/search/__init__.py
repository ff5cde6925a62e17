"""Full-text search, with the same hits in the same order on SQLite and on PostgreSQL."""
