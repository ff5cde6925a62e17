"""The parameters of the coverage pages and their API."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.outcome import State
from storage.ledger.quarantine import LARGEST_NUMBER
from storage.reports.unstored import UnstoredFilter
from web.search_parameters import Value, read_empty

DEFAULT_LIMIT = 50
MAX_LIMIT = 100

Year = Annotated[int, Path(ge=1, le=9999, description="a year of publication")]
Number = Annotated[int | None, Field(ge=0, le=LARGEST_NUMBER), BeforeValidator(read_empty)]


class CoverageParameters(BaseModel):
    """Which publisher is asked for."""

    model_config = ConfigDict(frozen=True)

    site: Value = Field(default=None, description="a publisher's name; by default, all")


class PagedParameters(CoverageParameters):
    """The same, of a list that has pages."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="most rows of a page")


class MissingParameters(PagedParameters):
    """Which articles that are not stored to list."""

    state: Annotated[State | None, BeforeValidator(read_empty)] = Field(
        default=None, description="by default, all states of articles that are available"
    )
    reason: Value = Field(default=None, description="why, up to the first colon")
    month: Annotated[str | None, Field(pattern=r"^([0-9]{4}-[0-9]{2}|unknown)$"), BeforeValidator(read_empty)] = Field(
        default=None, description="month of publication, `YYYY-MM` or `unknown`"
    )
    cursor: Value = Field(default=None, description="`next_cursor` of the page before")

    @property
    def filter(self) -> UnstoredFilter:
        """The filter."""
        return UnstoredFilter(site=self.site, state=self.state, reason=self.reason, month=self.month)


class QuarantineParameters(PagedParameters):
    """Which quarantined captures to list."""

    reason: Value = Field(default=None, description="the first reason, up to its colon")
    cursor: Number = Field(default=None, description="`next_cursor` of the page before")


class RunParameters(PagedParameters):
    """Which runs to list."""

    cursor: Value = Field(default=None, description="`next_cursor` of the page before")
