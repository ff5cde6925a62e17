"""What can be wrong with a table, or with one row of it."""


class TableUnusable(ValueError):  # noqa: N818 - it states a fact
    """A table cannot be used, or not from here on. The message is one line."""


class RowUnusable(ValueError):  # noqa: N818 - it states a fact
    """A row cannot be used, but those after it can. The message is one line."""
