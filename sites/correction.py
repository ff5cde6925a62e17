"""By what wording a publisher says that a text was corrected: English and Russian, at the beginning of a paragraph."""

import re

_NOTE = r"(?:editor['’]?s['’]? note|note to readers|примечание редак(?:ции|тора)|от редакции)"
_WORD = (
    r"(?:corrections?|corrected|clarifications?|clarified|update|updated|amended|erratum"
    r"|исправлени[ея]|исправлено|поправк[аи]|уточнени[ея]|уточнено|опровержение|обновлено|дополнено)"
)
_TEXT = r"(?:article|story|report|piece|text|column|headline|interview|version|caption|photo|post)"
_DONE = r"(?:updated|corrected|amended|clarified|revised|edited|changed|modified)"
_RUSSIAN_TEXT = r"(?:стать[еяюи]|текст[еау]?|материал[еау]?|заметк[аеуи]|новост[ьи]|публикаци[яию]|верси[яию])"
_RUSSIAN_DONE = r"(?:исправлен|обновл[её]н|дополнен|уточн[её]н|измен[её]н)"

CORRECTION = re.compile(
    r"[\W_]*(?:"
    rf"{_NOTE}\s*[:.—–-]"
    rf"|{_WORD}\s*(?:[:—–]|-\s|\([^)]*\)\s*[:—–]|,?\s*\w+\.?\s+\d{{1,2}}\b[^.]{{0,30}}:)"
    rf"|(?:an? )?(?:earlier|previous|original|prior) {_TEXT}s?\b[^.]*?\b(?:of|said|stated|mis|incorrectly|had)"
    rf"|(?:this|the) {_TEXT}(?: above)? (?:has|have|had|was|were) (?:since )?(?:been )?{_DONE}\b"
    r"|(?:we|the moscow times) (?:regret|apologi[sz]e)s?\b[^.]*\berror"
    rf"|(?:в )?(?:более ранней|предыдущей|первоначальной|прежней) (?:версии|редакции)\b"
    rf"|(?:(?:эта|этот|данн(?:ая|ый)) )?{_RUSSIAN_TEXT} (?:был[аи]? )?{_RUSSIAN_DONE}[аоы]?\b"
    rf"|в {_RUSSIAN_TEXT} (?:внесен[аоы]?|внесён|исправлен[аоы]?|допущен[аоы]?)\b"
    r")",
    re.IGNORECASE,
)


def is_correction(paragraph: str) -> bool:
    """Whether a paragraph says that its article was corrected, clarified or updated by its editors."""
    return bool(CORRECTION.match(paragraph))
