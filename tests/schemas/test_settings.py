"""Limits and defaults of settings."""

import pytest
from pydantic import ValidationError

from schemas.settings import STANDARD_CEILINGS, Settings


def test_an_unset_ceiling_keeps_its_default() -> None:
    assert Settings.model_validate({}).ceilings == STANDARD_CEILINGS
    assert Settings.model_validate({"ceilings": {"drift": 0.7}}).ceilings == STANDARD_CEILINGS | {"drift": 0.7}


@pytest.mark.parametrize("hours", [{"revisit_hours": (1e300,)}, {"gone_hours": 1e9}, {"delay_seconds": 1e9}])
def test_durations_are_limited(hours: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(hours)
    assert Settings.model_validate({"revisit_hours": ()}).revisit_plan.longest_wait


@pytest.mark.parametrize("ceilings", [{"drift": 1.1}, {"drift": -0.1}, {"leaks": 0.1}])
def test_a_ceiling_is_a_share_of_a_known_measure(ceilings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"ceilings": ceilings})
