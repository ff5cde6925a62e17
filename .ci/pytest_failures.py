"""A pytest plugin: writes each failure down as a line of JSON, in the file that FAILURES names."""

import json
import os
from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a failure; with several processes, in the one that gathers the reports."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        said = "\n".join([report.longreprtext, *(f"--- {name}\n{text}" for name, text in report.sections)])
        with Path(os.environ["FAILURES"]).open("a") as file:
            file.write(json.dumps({"test": report.nodeid, "when": report.when, "said": said}) + "\n")
