"""Captures replayed by pywb (`make replay-test`)."""
