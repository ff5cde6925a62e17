"""Revisions: what counts as a change, how it is classified, and earlier versions."""
