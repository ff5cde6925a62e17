"""Checks that the archive is whole, repairs what can be repaired, and looks at the live site."""
