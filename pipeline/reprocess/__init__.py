"""Rereads stored captures with the current rules, and reports or stores what changes."""
