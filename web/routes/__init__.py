"""The pages, one module each, found by looking.

A module has a `router`. It may have a `MENU` (a link in the header of every page) or an `ARTICLE_TAB` (a link on every
page of an article; the article's id is appended to its URL). Its `PUBLISHED` says which of its pages
`broadsheet publish` makes files of.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from web.context import Link, Published


@cache
def list_modules() -> tuple[ModuleType, ...]:
    """Return the modules of the pages, by name."""
    return tuple(import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__))


def list_links(name: str) -> tuple[Link, ...]:
    """Return the modules' links of this name (`MENU`, `ARTICLE_TAB`), in their order."""
    found: Iterator[Link | None] = (getattr(module, name, None) for module in list_modules())
    return tuple(sorted((link for link in found if link), key=lambda link: link.rank))


def list_published() -> tuple[Published, ...]:
    """Return the kinds of page that are published."""
    return tuple(page for module in list_modules() for page in getattr(module, "PUBLISHED", ()))
