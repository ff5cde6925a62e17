"""The Moscow Times: English and Russian editions."""

from sites.moscow_times.profile import MOSCOW_TIMES

__all__ = ["MOSCOW_TIMES", "PUBLISHER"]

PUBLISHER = MOSCOW_TIMES
