"""Compiled XPath expressions that can be pickled, as part of a profile, for the reading processes."""

from lxml import etree


class XPath(etree.XPath):
    """A compiled expression that is pickled as its source text."""

    def __reduce__(self) -> tuple[type["XPath"], tuple[str]]:
        return XPath, (str(self.path),)
