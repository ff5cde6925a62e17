"""Pumps regular expressions: long strings made of each pattern's own pieces, and the processor time they take."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any

PACKAGES = ("boilerplate", "sites", "extraction", "storage", "pipeline", "flows", "spiders", "schemas", "cli", "web")

SHORT_CHARS = 3_000
"""Enough to tell what is to be measured: something quadratic takes four milliseconds for it, and more."""

LONG_CHARS = 24_000
"""Of the long form: what is hardly quadratic, for few characters, shows as well."""

LINEAR_SECONDS = 1e-6
"""For a character: a linear pattern takes a tenth of it, and is measured no further."""

SUSPECT_COUNT = 2
"""So many strings, those that take longest, are measured further: what is superlinear is the slowest."""

LIMIT_SECONDS = 0.5
"""Of processor time for one string. A linear pattern takes a tenth of it for the longest."""

SPAN_SECONDS = 0.02
"""Each length is read again and again for so long: the kernel counts processor time in steps of four milliseconds."""

REPEAT_COUNT = 3
"""A machine that does something else disturbs one measurement, not the best of three."""

GROWTH = 8
"""From one length to the next, four times as long: linear is 4, quadratic 16."""

COMMON = (
    " ",
    "\n",
    "\t ",
    "a",
    "A",
    "0",
    "A ",
    "a.",
    "A.",
    ". ",
    "-",
    ",",
    "/",
    "/a",
    "<",
    "<a",
    "&",
    "“",
    "(",
    "1,",
    "я",
    "&a=",
)
ENDS = ("", "\x00", "!", " x")
MAX_DEPTH = 12
USES = {
    "boilerplate.widgets:_COUNTERS": "fullmatch",
    "boilerplate.widgets:_SIGNPOSTS": "fullmatch",
    "boilerplate.widgets:_BUTTONS": "fullmatch",
    "boilerplate.document:_CUT": "fullmatch",
    "boilerplate.document:_SPACE": "fullmatch",
    "sites:MOSCOW_TIMES.page.updated": "match",
    "sites:MOSCOW_TIMES.page.paid_label": "fullmatch",
}
"""How patterns are used that are not called by their names."""

_parse: Callable[[Any, int], Any] = importlib.import_module("re._parser").parse
"""The library's own; it has no public name."""

Pattern = re.Pattern[str] | re.Pattern[bytes]


@dataclasses.dataclass(frozen=True)
class Named:
    """A pattern, and where it stands."""

    name: str
    pattern: Pattern
    methods: frozenset[str]


class _TimeUp(Exception):  # noqa: N818 - it states a fact
    pass


def find_patterns(packages: tuple[str, ...] = PACKAGES) -> list[Named]:
    """All patterns that the modules' names hold, directly or within objects of ours; each once."""
    found: dict[tuple[Any, int], Named] = {}
    for module in _find_modules(packages):
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            for path, pattern in _find_within(value, name, MAX_DEPTH, set()):
                full = f"{module.__name__}:{path}"
                methods = frozenset(re.findall(rf"\b{re.escape(path.rpartition('.')[2])}\.(\w+)\b", source))
                methods = frozenset({USES[full]}) if full in USES else methods
                key = (pattern.pattern, pattern.flags)
                known = found[key].methods if key in found else frozenset()
                name_of = found[key].name if key in found else full
                found[key] = Named(name_of, pattern, known | methods)
    return sorted(found.values(), key=lambda one: one.name)


def _find_modules(packages: tuple[str, ...]) -> Iterator[ModuleType]:
    for package in packages:
        root = importlib.import_module(package)
        yield root
        for info in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not info.name.endswith("__main__") and ".migrations" not in info.name:
                yield importlib.import_module(info.name)


def _find_within(value: Any, path: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Pattern]]:
    if isinstance(value, re.Pattern):
        yield path, value
        return
    if depth == 0 or id(value) in seen or isinstance(value, str | bytes | type | ModuleType):
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        parts = [(path, part) for part in value.values()]
    elif isinstance(value, tuple | list | frozenset | set):
        parts = [(path, part) for part in value]
    elif dataclasses.is_dataclass(value):
        parts = [(f"{path}.{field.name}", getattr(value, field.name)) for field in dataclasses.fields(value)]
    else:
        return
    for name, part in parts:
        yield from _find_within(part, name, depth - 1, seen)


def list_pumps(pattern: Pattern) -> list[tuple[str, str]]:
    """What to begin with, and what to repeat: each repeated piece after what stands before it, and common signs."""
    parsed = _parse(pattern.pattern, pattern.flags)
    found = dict.fromkeys(_list_pieces(parsed, ""))
    begin = next((before for before, _ in found if before), "")
    found |= dict.fromkeys((before, sign) for sign in COMMON for before in ("", begin))
    return [(before, piece) for before, piece in found if piece]


def _list_pieces(nodes: Any, before: str) -> Iterator[tuple[str, str]]:
    for op, value in nodes:
        name = str(op)
        if name.endswith("_REPEAT"):
            _low, high, body = value
            if high > 3:  # what is repeated less often cannot be pumped
                for turn in range(3):
                    yield before, _sample(body, turn)
                    yield "", _sample(body, turn)
            yield from _list_pieces(body, before)
        else:
            for part in _parts(name, value):
                yield from _list_pieces(part, before)
        before += _sample([(op, value)], 0)


def _parts(name: str, value: Any) -> list[Any]:
    if name == "BRANCH":
        return list(value[1])
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "ATOMIC_GROUP":
        return [value]
    return [value[1]] if name in {"ASSERT", "ASSERT_NOT"} else []


def _sample(nodes: Any, turn: int) -> str:
    """A string that such nodes match, more or less; another one for each turn."""
    return "".join(_sample_one(str(op), value, turn) for op, value in nodes)


def _sample_one(name: str, value: Any, turn: int) -> str:
    if name in {"LITERAL", "NOT_LITERAL", "ANY"}:
        return chr(value) if name == "LITERAL" else ("b", " ", "-")[turn]
    if name == "IN":
        return _sample_class(value, turn)
    if name == "BRANCH":
        return _sample(value[1][turn % len(value[1])], turn)
    if name.endswith("_REPEAT"):
        return _sample(value[2], turn) * int(max(value[0], 1 if turn else 0))
    parts = _parts(name, value)
    return _sample(parts[0], turn) if parts and not name.startswith("ASSERT") else ""


def _sample_class(members: Any, turn: int) -> str:
    if str(members[0][0]) == "NEGATE":
        return ("a", " ", "7")[turn]
    chars: list[str] = []
    for op, value in members:
        if str(op) == "LITERAL":
            chars.append(chr(value))
        elif str(op) == "RANGE":
            chars.append(chr(value[0]))
        elif str(op) == "CATEGORY":
            chars.append({"CATEGORY_DIGIT": "7", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}.get(str(value), "-"))
    return chars[turn % len(chars)] if chars else ""


def measure(named: Named, chars: int = SHORT_CHARS) -> str | None:
    """How the time of a pattern grows faster than its input; None where it does not."""
    uses = _list_uses(named)
    for begin in _find_suspects(named, uses, chars):
        parts = "{!r} + {!r}… + {!r}".format(*begin)
        shorter, longer = (_make_subject(named, *begin, length) for length in (chars, 4 * chars))
        try:
            growth = min(_time_often(uses, longer) / _time_often(uses, shorter) for _ in range(REPEAT_COUNT))
        except _TimeUp:
            return f"{named.name}: {parts} takes more than {LIMIT_SECONDS} s for {4 * chars} characters"
        if growth > GROWTH:
            return f"{named.name}: {parts} takes {growth:.0f} times as long for four times as much"
    return None


def _find_suspects(named: Named, uses: list[Callable[[Any], object]], chars: int) -> list[tuple[str, str, str]]:
    """What to pump with, of that which takes longest, where that is notable."""
    spent: dict[tuple[str, str, str], float] = {}
    for before, piece in list_pumps(named.pattern):
        for end in ENDS:
            subject = _make_subject(named, before, piece, end, chars)
            try:
                with _cpu_limit(LIMIT_SECONDS):
                    # The wall's clock counts finely; what it suspects wrongly is measured by the processor's.
                    spent[before, piece, end] = _time(uses, subject, time.perf_counter)
            except _TimeUp:
                return [(before, piece, end)]
    slowest = sorted(spent, key=lambda one: -spent[one])[:SUSPECT_COUNT]
    return [one for one in slowest if spent[one] > LINEAR_SECONDS * chars]


def _make_subject(named: Named, before: str, piece: str, end: str, length: int) -> Any:
    text = before + piece * (length // len(piece)) + end
    return text.encode() if isinstance(named.pattern.pattern, bytes) else text


def _time(uses: list[Callable[[Any], object]], subject: Any, clock: Callable[[], float]) -> float:
    start = clock()
    for use in uses:
        use(subject)
    return clock() - start


def _time_often(uses: list[Callable[[Any], object]], subject: Any) -> float:
    """The processor time of one turn, of as many as there are in the span."""
    with _cpu_limit(LIMIT_SECONDS):
        start, turns = time.process_time(), 0
        while (spent := time.process_time() - start) < SPAN_SECONDS:
            _time(uses, subject, time.process_time)
            turns += 1
        return spent / turns


def _list_uses(named: Named) -> list[Callable[[Any], object]]:
    pattern: Any = named.pattern
    anchored = [pattern.match] * ("match" in named.methods) + [pattern.fullmatch] * ("fullmatch" in named.methods)
    if named.methods & {"search", "sub", "subn", "split", "finditer", "findall"} or not anchored:
        return [*anchored, pattern.findall]
    return anchored


@contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Raise within the block when it has used this much processor time: the matcher looks for signals."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TimeUp

    former = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)
