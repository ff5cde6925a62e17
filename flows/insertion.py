"""Lets Prefect's server schedule runs with SQLAlchemy 2.1. The server loads it when it starts.

Prefect 3.8.8 inserts scheduled runs with a key, `state`, that is no column. SQLAlchemy 2.0 passed over it; 2.1 wants to
be told what to do with it, and without that no run is ever scheduled. Found by the entry point `prefect.collections`.
"""

import sys
from typing import Any

MODELS = "prefect.server.database.orm_models"


def pass_over(model: type, mapping: dict[str, Any], value: Any) -> None:
    """The state is stored as a row of its own, right afterwards."""


def mend_insertion() -> None:
    """Tell the table of flow runs what to do with the key; only in a server, where that is loaded."""
    models = sys.modules.get(MODELS)
    if models is not None:
        vars(models.FlowRun)["state"].bulk_dml_setter = pass_over


mend_insertion()
