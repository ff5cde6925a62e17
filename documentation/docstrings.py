"""The strings under attributes, which Python does not keep."""

import inspect
import sys
from functools import cache
from pathlib import Path

import griffe

from documentation.markdown import join_lines


def read_attribute_docstrings(model: type) -> dict[str, str]:
    """Return the docstrings of a class's attributes by their names, those of its base classes included."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__[:-1]):  # without `object`, which has no source
        found |= _read_own(one.__module__, one.__name__)
    return found


@cache
def _visit_module(name: str) -> griffe.Module:
    module = sys.modules[name]
    return griffe.visit(name, filepath=Path(module.__file__ or ""), code=inspect.getsource(module))


@cache
def _read_own(module: str, name: str) -> dict[str, str]:
    found = _visit_module(module).members.get(name)
    if found is None or found.is_alias:  # made elsewhere, such as `typing.Generic`, which is written in C
        return {}
    members = found.members.items()
    return {key: join_lines(one.docstring.value) for key, one in members if not one.is_alias and one.docstring}
