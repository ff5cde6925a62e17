"""XPath expressions that are data: compiled once, and sent to reading processes with the profile that they are of."""

from lxml import etree


class XPath(etree.XPath):
    """A compiled expression that can be pickled, by its text."""

    def __reduce__(self) -> tuple[type["XPath"], tuple[str]]:
        return XPath, (str(self.path),)
