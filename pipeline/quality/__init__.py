"""Checks how pages were read: drifting fields, unknown boilerplate, feeds with a wrong clock."""
