"""The base class of all records, and their common field types."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


class Record(BaseModel):
    """A frozen model that neither coerces values nor accepts unknown fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


UtcTime = AwareDatetime
"""A timestamp with a time zone. The code that creates it converts it to UTC first."""

UtcOffset = Annotated[str, StringConstraints(pattern=r"^[+-](?:[01]\d|2[0-3]):[0-5]\d$")]
"""Under a day, as a time zone's must be."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal digits."""

Confidence = Annotated[float, Field(ge=0, le=1)]
"""How far a record can be trusted, from 0 to 1."""

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
Count = Annotated[int, Field(ge=0)]
