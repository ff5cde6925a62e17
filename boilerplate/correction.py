"""Recognizes correction notes by the wording, English or Russian, that a paragraph begins with.

Other people's reports and texts are amended too, and laws have articles. So a sentence about "the" text is news, and
one about "this" article is a note. A line that says where the article first appeared is not a correction.
"""

import re

from boilerplate.widgets import is_publication_line

_NOTE = r"(?:editor['’]?s['’]? note|note to readers|примечание редак(?:ции|тора)|от редакции)"
_WORD = (
    r"(?:corrections?|corrected|clarifications?|clarified|update|updated|amended|erratum"
    r"|исправлени[ея]|исправлено|поправк[аи]|уточнени[ея]|уточнено|опровержение|обновлено|дополнено)"
)
_DASH = r"(?:[—–]|-\s)(?![^.]*\s[—–-]\s)"
"""A single dash: two of them enclose a parenthesis."""

_ARTICLE = r"(?:article|story|column|headline|caption)"
"""Words for texts that only a newspaper has …"""
_TEXT = rf"(?:{_ARTICLE}|report|piece|text|interview|version|photo|post)"
"""… and words for texts that others have as well."""
_OURS = rf"(?:(?:this|our) {_TEXT}|the {_ARTICLE})"
_PART = r"(?:headline|caption|photo|picture|image|map|chart|graphic|subheadline|lead|byline|dateline|summary)"
_EARLIER = r"(?:earlier|previous|original|prior|first|initial)"
_FALSELY = r"(?:mis[a-z]+|(?:incorrect|wrong|erroneous|inaccurate|mistaken|false)ly)"
_DONE = r"(?:updated|corrected|amended|clarified|revised|edited|changed|modified)"
_WAS = r"(?:has|have|had|was|were) (?:since )?(?:been )?"
_APPEARED = (
    r"(?! (?:(?:was|were|is|has|had|been|first|also|originally) )*(?:published|appear|available|ran\b|printed|posted))"
)

_RUSSIAN_TEXT = r"(?:стать[еяюи]|текст[еау]?|материал[еау]?|заметк[аеуи]|новост[ьи]|публикаци[яию]|верси[яию])"
_RUSSIAN_OURS = rf"(?:(?:эт(?:ой|ого)|данно(?:й|го)|наше(?:й|го)) )?{_RUSSIAN_TEXT}(?! \w*(?:закон|проект|договор))"
_RUSSIAN_DONE = r"(?:исправлен|обновл[её]н|дополнен|уточн[её]н|измен[её]н)[аоы]?"
_RUSSIAN_SAID = r"(?:ошибочно|неверно|неправильно|говорилось|утверждалось|сообщалось|был[аио]? (?:ошиб|невер|указан))"
_RUSSIAN_END = r"(?=\s*(?:[.:;!)—–]|$|\d|в \d|после публикации|с учётом|с учетом))"
"""May be followed by a date or by nothing, but not by who did it or with what."""

CORRECTION = re.compile(
    r"[\W_]*+(?:"
    rf"{_NOTE}\s*[:.—–-]"
    rf"|(?:corrections?|clarifications?|erratum|исправлени[ея]|поправк[аи]|уточнени[ея])\s*\.\s"
    rf"|(?:an? )?(?:corrections?|clarifications?) (?:has|have|was|were) (?:been )?(?:made|added|appended|issued)"
    rf"(?: (?:to|in) {_OURS}\b|(?=\W*$|[.:)]))"
    rf"|we (?:have )?(?:since )?(?:corrected|clarified|updated|amended)\b[^.]*\b{_OURS}\b"
    rf"|updated? (?:(?:at|on) .{{1,30}}? )?(?:with|to (?:add|include|reflect|correct|clarify|fix|remove))\b"
    rf"|{_WORD}\s*+(?::|{_DASH}|\([^)]*\)\s*[:—–]|,?\s*+\w+\.?\s+\d{{1,2}}\b[^.]{{0,30}}:)"
    rf"|(?:an? |the )?{_EARLIER} (?:version|edition|draft)s? of {_OURS}\b{_APPEARED}"
    rf"|(?:an? |the )?{_EARLIER} (?:version|article|story|column|headline|caption)s? {_FALSELY}\b"
    rf"|(?:because of|due to|owing to) an? (?:\w+[ -]){{0,3}}(?:error|mistake),? [^.]*?"
    rf"\b(?:versions? of {_OURS}|this {_ARTICLE})\b"
    rf"|this {_ARTICLE} (?:had )?(?:initially|originally|previously|earlier|{_FALSELY})\b{_APPEARED}"
    rf"|(?:note\s*[:.—–-]\s*)?(?:this|our) {_TEXT}(?: above)? {_WAS}{_DONE}\b(?! by )"
    rf"|the {_ARTICLE}(?: above)? {_WAS}{_DONE}"
    r"(?=\W*$|[.)]| on (?:\w+ )?\d"
    r"| (?:to (?:add|correct|reflect|clarify|fix|include)|after publication|with (?:an? )?(?:\w+ )?comments?)\b)"
    rf"|(?:the|an?) {_PART} (?:of|in|on|to|for|with|accompanying) {_OURS} (?:above )?{_WAS}{_DONE}\b"
    r"|this (?:article|story|version|item) (?:corrects|updates)\b"
    r"|(?<=\()(?:corrects|clarifies|updates|refiles|recasts)\b"
    r"|corrects [^.]*\b(?:paragraphs?|headline|spelling|dateline|byline|caption)\b"
    r"|(?:we|(?:the )?(?:[\w.-]+ ){0,3}(?:times|news|post|journal|herald|tribune|editors?|newspaper))"
    r" (?:regret|apologi[sz]e)s?\b[^.]*\berror"
    rf"|(?:в )?(?:более ранней|предыдущей|первоначальной|прежней) (?:версии|редакции)"
    rf" (?:{_RUSSIAN_OURS}\b|{_RUSSIAN_SAID})"
    rf"|(?:(?:эта|этот|данн(?:ая|ый)) )?{_RUSSIAN_TEXT} (?:был[аи]? )?{_RUSSIAN_DONE}{_RUSSIAN_END}"
    rf"|в (?:{_RUSSIAN_OURS}) (?:исправлен[аоы]?|допущен[аоы]?|внес[её]н[аоы]? (?:исправ|уточн|корректи))"
    r")",
    re.IGNORECASE,
)


def is_correction(paragraph: str) -> bool:
    """Return whether a paragraph says that the editors corrected, clarified or updated the article."""
    return bool(CORRECTION.match(paragraph)) and not is_publication_line(paragraph)
