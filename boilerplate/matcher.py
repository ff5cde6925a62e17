"""Finds boilerplate among paragraphs: whole lines, glued lines, wrapped lines, and messages that were cut.

The letters of all paragraphs are joined into one string, so that a line is found however it is broken.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from boilerplate.document import LetterDocument
from boilerplate.furniture import CHAIN_COUNT, CUT_CHARS, OPENED_CHARS, KnownLines, Line, Link, count_shared

RUN_CHARS = 100
"""Letters that several lines must have together within an article's paragraph, if none of them is enough alone."""

STUMP_WORDS = 3
"""Fewest words of a cut line: a shorter one may be anything."""

STUMP_CHARS = 6
"""Three words of any line have more letters than this."""

PATTERN_CHARS = 350
"""Longest line with a variable part: tags are a few short words each."""

PATTERN = "pattern"
"""Name of boilerplate recognized by its form. Other publishers have it too: it does not identify the publisher."""

_BOUNDARY = r"[.!?…×)\]:”\"’»']\W{0,4}"
_NEXT_SENTENCE = re.compile(r"[.!?]['\")\]”’]*\s+['\"“‘(]?(?=[^\W\d_a-zа-я])")
_ATTRIBUTED = re.compile(r"\b(?:said|says|wrote|writes|told|tells|added|according)\b")


class MatchedRange(NamedTuple):
    """A range of the document's letters that is boilerplate."""

    start: int
    end: int
    name: str
    evidence_count: int = 1
    """The number of its sentences and weak lines."""


class Candidate(NamedTuple):
    """Where boilerplate that begins at a position may end, and the lines that show it."""

    end: int
    lines: tuple[Line, ...]
    """The complete lines, without weak ones."""
    stump: Line | None = None
    """The last line, if it was cut."""
    stump_at: int = 0
    weak_count: int = 0

    def count_evidence(self) -> int:
        """Return the number of sentences and weak lines. A cut line counts as two: two together are boilerplate."""
        stump_count = 2 if self.stump else 0
        return sum(max(1, len(line.sentence_ends)) for line in self.lines) + self.weak_count + stump_count


@dataclass(frozen=True)
class Finder:
    """Finds ranges of known lines."""

    known: KnownLines
    pattern: re.Pattern[str] | None
    """Matches lines with a variable part."""

    @cached_property
    def _begins(self) -> re.Pattern[str]:
        heads = self.known.beginnings.pattern
        heads += rf"|(?i:{self.pattern.pattern})" if self.pattern else ""
        return re.compile(rf"{_BOUNDARY}(?={heads})")

    def find(self, document: LetterDocument) -> list[MatchedRange]:
        """Return all boilerplate ranges, in order."""
        runs: list[MatchedRange] = []
        reached = top = 0
        for index in self._list_suspects(document):
            start = document.starts[index]
            for at in self._find_starts(document, index):
                if at < reached:
                    continue
                run = self._find_run(document, at, is_top=top == at)
                if run is None:
                    reached = self.known.skip_weak(document.letters, at)
                    continue
                if reached <= start < at and self.known.ends_line(document.letters[start:at]):
                    run = run._replace(start=start)  # the end of a line whose beginning was cut off
                runs.append(run)
                top, reached = run.end if top == run.start else top, run.end
        return runs

    def _list_suspects(self, document: LetterDocument) -> list[int]:
        """Return the paragraphs in which boilerplate may begin. One search over all is faster than one in each."""
        letters, grams = document.letters, self.known.grams
        found = {at for at, start in enumerate(document.starts[:-1]) if letters[start : start + CUT_CHARS] in grams}
        lines = [f".{text.lower()}" for text in document.paragraphs]
        ends = list(accumulate(len(line) + 1 for line in lines))
        found |= {bisect_right(ends, match.end()) for match in self._begins.finditer("\n".join(lines))}
        return sorted(found)

    def _find_starts(self, document: LetterDocument, index: int) -> Iterator[int]:
        """Yield the positions in a paragraph at which boilerplate may begin."""
        text, key, start = document.paragraphs[index], document.keys[index], document.starts[index]
        if not key[:1].isalnum():
            return
        lower = f".{text.lower()}"
        if document.letters[start : start + CUT_CHARS] not in self.known.grams and not self._begins.search(lower):
            return
        offsets = document.find_offsets(index)
        if offsets is None:
            return
        yield start
        for match in self._begins.finditer(lower):
            local = bisect_left(offsets, match.end() - 1)
            if 0 < local < len(key):
                yield start + local

    def _find_run(self, document: LetterDocument, at: int, *, is_top: bool) -> MatchedRange | None:
        chains = self._list_chains(document, at)
        candidates = [candidate for links in chains for candidate in self._list_candidates(document, at, links)]
        for candidate in sorted(candidates, key=lambda candidate: candidate.end, reverse=True):
            if self._is_boilerplate(document, at, candidate, is_top=is_top):
                line = candidate.lines[0] if candidate.lines else candidate.stump
                return MatchedRange(at, candidate.end, line.name if line else "", candidate.count_evidence())
        return self._find_pattern(document, at)

    def _list_chains(self, document: LetterDocument, at: int) -> Iterator[list[Link]]:
        """Yield the chains of lines from a position; at a paragraph's beginning, the first line may be cut."""
        letters = document.letters
        if not document.opens_quote(at):
            yield self._extend(document, at, [])
        if not document.is_edge(at):
            return
        for line, offset in self.known.grams.get(letters[at : at + CUT_CHARS], ()):
            if not offset or (document.opens_quote(at) and offset not in line.quotes):
                continue
            end = at + count_shared(line.key[offset:], letters[at : at + len(line.key) - offset])
            if end - at == len(line.key) - offset:
                yield self._extend(document, at, [Link(end, line)])
            elif edges := document.edges_between(at, end):
                yield [Link(edges[-1], line)]

    def _extend(self, document: LetterDocument, at: int, links: list[Link]) -> list[Link]:
        while len(links) < CHAIN_COUNT:
            at = links[-1].end if links else at
            found = self.known.find_chain(document.letters, at) or self._match_opening(document, at)
            if not found:
                break
            links = [*links, *found]
        return links

    def _match_opening(self, document: LetterDocument, at: int) -> list[Link]:
        """Return the one-sentence line that begins here and of which only the beginning is known."""
        line = next((line for line in self.known.openings if document.letters.startswith(line.key, at)), None)
        if line is None:
            return []
        index, local = document.locate(at)
        offsets = document.find_offsets(index) or []
        paragraph_end = document.starts[index + 1]
        begin = offsets[local] if local < len(offsets) else len(document.paragraphs[index])
        text = document.paragraphs[index][begin : begin + 2 * OPENED_CHARS]
        after = _NEXT_SENTENCE.search(text)
        end = document.starts[index] + bisect_left(offsets, begin + after.end()) if after else paragraph_end
        is_followed = end == paragraph_end or bool(self.known.find_chain(document.letters, end))
        if end - at > OPENED_CHARS or not is_followed or _ATTRIBUTED.search(text[: after.start() if after else None]):
            return []
        return [Link(end, line)]

    def _list_candidates(self, document: LetterDocument, at: int, links: list[Link]) -> Iterator[Candidate]:
        begin = at
        for count, link in enumerate(links, 1):
            # One ambiguous word may begin the article's next sentence, two hardly will. A paragraph is judged later.
            is_part = not document.is_edge(begin)
            if link.line or (is_part and (document.is_edge(link.end) or document.read(begin, link.end).split()[1:])):
                known_lines = _list_known(links[:count])
                yield Candidate(link.end, known_lines, weak_count=count - len(known_lines))
            begin = link.end
        yield from self._list_stumps(document, begin, _list_known(links))
        if links:  # a longer line may begin like the last one
            yield from self._list_stumps(document, links[-2].end if len(links) > 1 else at, _list_known(links[:-1]))

    def _list_stumps(self, document: LetterDocument, at: int, lines: tuple[Line, ...]) -> Iterator[Candidate]:
        for line, shared in self.known.find_stumps(document.letters, at, 1 if lines else STUMP_CHARS):
            if edges := document.edges_between(at, shared):
                yield Candidate(edges[-1], lines, line, at)
            elif lines or shared - at >= CUT_CHARS:
                end = _find_cut(document, at, line, shared, is_sure=bool(lines))
                yield from [Candidate(end, lines, line, at)] if end else ()
        edge = next(iter(document.edges_between(at, at + CUT_CHARS)), at)
        if lines and at < edge and self.known.begins_weak(document.letters[at:edge], lines[-1].name):
            yield Candidate(edge, lines, weak_count=1)

    def _is_boilerplate(self, document: LetterDocument, at: int, candidate: Candidate, *, is_top: bool) -> bool:
        last = candidate.stump or next(reversed(candidate.lines), None)
        if last is None or document.is_quoted(at, candidate.end, len(last.quotes)):
            return False
        is_paragraph = document.is_edge(at) and document.is_edge(candidate.end)
        if candidate.lines:
            return _belongs_to_lines(document, candidate) and (is_paragraph or _is_separate(document, at, candidate))
        return _is_stump(document, at, candidate, is_end=is_top or candidate.end == len(document.letters))

    def _find_pattern(self, document: LetterDocument, at: int) -> MatchedRange | None:
        """Return a line with a variable part, up to the paragraph's end, or a publication line before a sentence."""
        index, local = document.locate(at)
        offsets = document.find_offsets(index)
        if self.pattern is None or not offsets or document.opens_quote(at):
            return None
        begin = offsets[local] if local else 0
        text = document.paragraphs[index][begin : begin + PATTERN_CHARS + 1].strip()
        match = self.pattern.match(text)
        if match is None or len(text) > PATTERN_CHARS:
            return None
        end = at + sum(map(str.isalnum, match[0]))
        is_publication_line = match.lastgroup == "stamp" and document.starts_sentence(end, is_sure=True)
        return MatchedRange(at, end, PATTERN) if is_publication_line or match.end() == len(text) else None


def _list_known(links: list[Link]) -> tuple[Line, ...]:
    return tuple(link.line for link in links if link.line)


def _belongs_to_lines(document: LetterDocument, candidate: Candidate) -> bool:
    """Return whether a cut line belongs to the lines before it: same paragraph, same message, or long enough."""
    if candidate.stump is None or not document.is_edge(candidate.stump_at):
        return True
    return (
        candidate.stump.name in {line.name for line in candidate.lines}
        or candidate.end - candidate.stump_at >= CUT_CHARS
    )


def _find_cut(document: LetterDocument, at: int, line: Line, shared: int, *, is_sure: bool) -> int | None:
    """Return where a line was cut and the article continues: after the last word that matches.

    If the line's own word differs, or differs in case, the last word belongs to the article and the line ends before.
    """
    end = _find_word_end(document, shared, at)
    if end > at and document.starts_sentence(end, is_sure=True, is_cut=is_sure):
        return end
    begin = _find_word_end(document, end - 1, at)
    is_shared = shared == end and end - at in line.word_ends
    if begin <= at or (is_shared and document.read(begin, begin + 1) == line.letters[begin - at]):
        return None
    return begin if document.starts_sentence(begin, is_sure=True, is_cut=is_sure) else None


def _find_word_end(document: LetterDocument, before: int, at: int) -> int:
    """Return the last end of a word between `at` and `before`."""
    while before > at and not document.is_word_end(before):
        before -= 1
    return max(before, at)


def _is_separate(document: LetterDocument, at: int, candidate: Candidate) -> bool:
    """Return whether lines within an article's paragraph are boilerplate, followed by another sentence."""
    size = candidate.end - at
    if not document.starts_sentence(candidate.end, is_sure=size >= CUT_CHARS, is_cut=candidate.stump is not None):
        return False
    count = len(candidate.lines) + bool(candidate.stump)
    first = candidate.lines[0]
    is_cut = document.is_edge(at) and not document.letters.startswith(first.key, at)
    if is_cut and count == 1:  # the paragraph begins in mid-sentence
        return document.read(at, at + 1).islower()
    return any(line.is_sufficient for line in candidate.lines) or (count > 1 and size >= RUN_CHARS)


def _is_stump(document: LetterDocument, at: int, candidate: Candidate, *, is_end: bool) -> bool:
    """Return whether the beginning of a single cut line is boilerplate."""
    line, size = candidate.stump, candidate.end - candidate.stump_at
    if line is None or candidate.stump_at != at:
        return False
    is_paragraph = document.is_edge(at)
    if not document.is_edge(candidate.end):
        return is_paragraph and line.is_sufficient and size >= CUT_CHARS
    if not document.ends_mid_sentence(candidate.end) and size not in line.sentence_ends:
        return False
    if size >= CUT_CHARS:
        return is_paragraph or line.is_sufficient
    text = document.read(at, candidate.end)
    is_literal = line.letters.startswith("".join(filter(str.isalnum, text)))
    return line.is_sufficient and is_literal and len(text.split()) >= STUMP_WORDS and (is_end or not is_paragraph)
