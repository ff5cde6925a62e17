"""Compiled XPath expressions that can be pickled, as part of a profile, for the reading processes."""

from lxml import etree


class XPath(etree.XPath):
    """A compiled expression that is pickled as its source text, and equal to another of the same text."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, XPath) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __reduce__(self) -> tuple[type["XPath"], tuple[str]]:
        return XPath, (str(self.path),)
