"""Checks that the archive is complete, repairs what can be repaired, and checks the live site."""
