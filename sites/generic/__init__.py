"""Serves any page of any publisher without a profile."""

from sites.profile import Site

GENERIC = PUBLISHER = Site()
