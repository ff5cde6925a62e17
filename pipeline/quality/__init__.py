"""Checks how pages were read: fields that drift, boilerplate that no list knows, feeds whose clock is wrong."""
