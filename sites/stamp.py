"""What a page says of when it was published or updated, in a line of its own: it is another one with every look."""

import re

SAID = (
    r"(?:(?:last\s+|first\s+)?(?:updated?|published|modified|posted|edited)"
    r"|(?:последнее\s+)?(?:обновлени[ея]|обновлено|опубликовано|изменено))"
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,?\s+)?"
_DAY = rf"(?:{_MONTH}\w*\.?\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH}\w*\.?|\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}})"
_DATE = rf"(?:{_WEEKDAY}{_DAY}(?:,?\s+\d{{4}}(?:\s*г\.?)?)?|today|yesterday|сегодня|вчера)"
_ZONE = r"(?:\s*(?:gmt|utc|msk|est|et|мск)(?:\s*[+-]\d+)?)?"
_CLOCK = rf"(?:\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?(?:\s*[ap]\.?m\.?)?|\d{{1,2}}\s*[ap]\.?m\.?){_ZONE}"
_AGO = (
    r"(?:just now|только что"
    r"|(?:an?|one|\d+)\s*(?:[smhd]|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?|months?)\.?\s+ago"
    r"|\d+\s*(?:секунд|минут|час|дн|день|недел)\w*\s+назад)"
)
_STAMP = re.compile(
    rf"\W*+{SAID}(?:\s++(?:on|at|в))?\W*+"
    rf"(?:{_AGO}|{_DATE}(?:(?:[,|–—-]|\s|at\b|в\b)++{_CLOCK})?|{_CLOCK}(?:\W++{_DATE})?)\W*+",
    re.IGNORECASE,
)


def is_stamp(text: str) -> bool:
    """Whether a line says that the page was published or updated, and when, and nothing else."""
    return bool(_STAMP.fullmatch(text))
