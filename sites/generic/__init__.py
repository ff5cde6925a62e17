"""Serves any page of any publisher without a profile."""

from sites.profile import Site
from sites.structure import PageRules

GENERIC = Site(page=PageRules(missing=()))
