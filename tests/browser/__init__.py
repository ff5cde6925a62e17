"""The pages of `broadsheet serve` in a real browser."""
