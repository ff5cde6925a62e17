"""Reads stored captures again with the current rules, and reports or stores what changes."""
