"""The classes of changes in English and Russian, pair by pair."""

from datetime import UTC, datetime
from typing import Any

import pytest

from boilerplate.correction import is_correction
from schemas.revision import Content, RevisionClass
from storage.revisions.difference import (
    classify_change,
    compare_paragraphs,
    compare_words,
    image_key,
    list_changed_fields,
)

TYPO, SUBSTANTIVE = RevisionClass.TYPO, RevisionClass.SUBSTANTIVE
FIRST = "The ministry said on Monday that talks would go on until Friday."
LAST = "Nobody answered a request for comment by the time of publication."


def write(body: str = FIRST, **special: Any) -> Content:
    fields: dict[str, Any] = {
        "edition": "en",
        "language": "en",
        "kind": "article",
        "headline": "Talks Go On",
        "subtitle": None,
        "authors": ("Ann Author",),
        "agencies": (),
        "sponsor": None,
        "section": "news",
        "tags": ("Kremlin", "Talks"),
        "published_at": datetime(2026, 10, 1, tzinfo=UTC),
        "images": ({"url": "https://static.example.org/image/1920/a7/tass.jpg?v=1", "caption": "A", "credit": "B"},),
        "body": body,
    }
    return Content(**(fields | special))


def within(sentence: str) -> Content:
    return write(f"{FIRST}\n\n{sentence}\n\n{LAST}")


SLIPS = [
    ("the", "The goverment will decide on it.", "The government will decide on it."),
    ("swapped", "He told teh court so on Friday.", "He told the court so on Friday."),
    ("doubled", "She said that that it was over now.", "She said that it was over now."),
    ("comma", "However the court did not agree.", "However, the court did not agree."),
    ("case", "The kremlin did not comment on it.", "The Kremlin did not comment on it."),
    ("spaces", "They did it never the less in May.", "They did it nevertheless in May."),
    ("hyphen", "A long term plan was adopted there.", "A long-term plan was adopted there."),
    ("thousands", "Some 10000 people came to see it.", "Some 10,000 people came to see it."),
    ("ru yo", "Еще один самолет приземлился в столице.", "Ещё один самолёт приземлился в столице."),
    ("ru dash", "Москва столица России, сказал он.", "Москва — столица России, сказал он."),
    ("doubled letter", "It occured on the way to the airport.", "It occurred on the way to the airport."),
    ("two doubled", "The comitee met there on the day.", "The committee met there on the day."),
    ("vowels", "They recieved help from the state.", "They received help from the state."),
    ("ru letter", "Об этом сообщило правительсво страны.", "Об этом сообщило правительство страны."),
]

EDITS = [
    ("number", "Some 12 people were hurt there.", "Some 21 people were hurt there."),
    ("decimal", "Prices rose by 1.5 percent in May.", "Prices rose by 15 percent in May."),
    ("sign", "It was -5 degrees in the morning.", "It was 5 degrees in the morning."),
    ("money", "It cost them $50 at that time.", "It cost them 50% at that time."),
    ("magnitude", "The loss was five million rubles.", "The loss was five billion rubles."),
    ("number word", "At least seven people were hurt.", "At least eleven people were hurt."),
    ("weekday", "They met there again on Monday.", "They met there again on Sunday."),
    ("month", "The trial will begin there in June.", "The trial will begin there in July."),
    ("name", "He was met by Ivanov at the door.", "He was met by Petrov at the door."),
    ("relative", "He was met by Ivanov at the door.", "He was met by Ivanova at the door."),
    ("start", "Ivanov has said that it was so.", "Ivanova has said that it was so."),
    ("country", "The planes flew to Iran at night.", "The planes flew to Iraq at night."),
    ("negation", "The minister is now in the city.", "The minister is not in the city."),
    ("contraction", "The minister can do it himself.", "The minister can't do it himself."),
    ("prefix", "He called this a legal decision.", "He called this an illegal decision."),
    ("person", "They said that he did it for fun.", "They said that she did it for fun."),
    ("tense", "He has three houses in the city.", "He had three houses in the city."),
    ("direction", "The troops moved north that day.", "The troops moved south that day."),
    ("word", "The suspects were released then.", "The suspects were arrested then."),
    ("added word", "The court convicted the officer.", "The court reportedly convicted the officer."),
    *(
        (before, f"It was {before} on that very day, he said.", f"It was {after} on that very day, he said.")
        for before, after in (
            *(("convicted", "convinced"), ("elected", "ejected"), ("attacked", "attached"), ("militant", "military")),
            *(("denied", "defied"), ("acquitted", "acquired"), ("injured", "insured"), ("resigned", "resided")),
            *(("detained", "detailed"), ("expanded", "expended"), ("bought", "brought"), ("released", "release")),
            *(("planned", "planted"), ("risen", "raised"), ("confirmed", "conformed")),
        )
    ),
    ("start word", "Attacked towns lie in the north.", "Attached towns lie in the north."),
    *(
        (before, f"По словам чиновника, он {before} это тогда.", f"По словам чиновника, он {after} это тогда.")
        for before, after in (
            *(("осудил", "обсудил"), ("отменил", "оценил"), ("избрали", "избили"), ("посетил", "посетит")),
            *(("отпустили", "опустили"), ("атаковали", "атаковала"), ("признал", "признала"), ("потери", "потеря")),
        )
    ),
    ("ru month", "Суд начнётся 5 июня в столице края.", "Суд начнётся 5 июля в столице края."),
    ("ru amount", "Убыток составил пять миллионов.", "Убыток составил пять миллиардов."),
    ("ru negation", "Он был там и видел это сам.", "Он не был там и видел это сам."),
    ("ru prefix", "Это был надежный источник у них.", "Это был ненадежный источник у них."),
    ("ru name", "Об этом заявил Иванов в субботу.", "Об этом заявил Петров в субботу."),
    ("ru person", "Об этом заявил Иванов в субботу.", "Об этом заявила Иванова в субботу."),
]

UNCLEAR = [
    ("missing", "They went to city by the train.", "They went to the city by the train."),
    ("article", "It was a honest answer, he said.", "It was an honest answer, he said."),
    ("name", "Lawyer Lavorv spoke for the family.", "Lawyer Lavrov spoke for the family."),
    ("known name", "Vladimir Putim met Putin's guests.", "Vladimir Putin met Putin's guests."),
    ("plural", "Three soldier were seen on the road.", "Three soldiers were seen on the road."),
    ("ru", "Он сообщил об этом в понедельник презеденту.", "Он сообщил об этом в понедельник президенту."),
    ("ru case", "Встреча прошла в здании правительство города.", "Встреча прошла в здании правительства города."),
    ("ending", "He runs an independant radio station.", "He runs an independent radio station."),
    ("sentence", "Goverment officials did not say so.", "Government officials did not say so."),
    ("ru little", "Они приехали Москву вечером поездом.", "Они приехали в Москву вечером поездом."),
]
"""Typos to an editor, but words, names and endings may legitimately differ in the same way."""


@pytest.mark.parametrize(("before", "after"), [pair[1:] for pair in SLIPS], ids=[pair[0] for pair in SLIPS])
def test_a_spelling_fix_is_a_typo(before: str, after: str) -> None:
    assert classify_change(within(before), within(after)) is TYPO


@pytest.mark.parametrize(("before", "after"), [pair[1:] for pair in EDITS + UNCLEAR])
def test_a_possible_change_of_meaning_is_substantive_in_both_directions(before: str, after: str) -> None:
    assert classify_change(within(before), within(after)) is SUBSTANTIVE
    assert classify_change(within(after), within(before)) is SUBSTANTIVE


NOTES = [
    "Correction: An earlier version of this article misstated the date.",
    "CORRECTION (Oct. 5, 2026): The minister's name is Petrov.",
    "Clarification: this story has been changed to say who spoke.",
    "Editor's note: This article was updated to add a comment.",
    "An earlier version of this article said that the talks were over.",
    "A previous version of this story incorrectly gave the age.",
    "This story has been updated with a comment from the ministry.",
    "This article was corrected on Oct. 5.",
    "*This article has been amended to reflect the court's answer.",
    "(This story has been corrected.)",
    "Update: the ministry has answered since.",
    "Исправление: в более ранней версии статьи была неверно указана дата.",
    "Поправка: в тексте допущена ошибка, министра зовут Петров.",
    "Уточнение: заседание прошло во вторник.",
    "В более ранней версии этого материала говорилось иначе.",
    "Текст обновлён: добавлен комментарий министерства.",
    "Because of an editing error, a previous version of this article misidentified the minister.",
    "Due to an editing error, this article initially said that the talks were on Tuesday.",
    "The headline of this article has been corrected.",
    "(Corrects day in third paragraph.)",
    "Corrects the spelling of a name in the second paragraph.",
    "This version corrects the spelling of the minister's name.",
    "(This article corrects an earlier version, which misspelled the name.)",
    "An earlier version misstated the age of the minister.",
    "This article previously said that the talks were over.",
    "Correction - the minister is 57, not 75.",
    "The article has been corrected to reflect the court's answer.",
    "Статья обновлена 5 октября.",
    "В первоначальной версии ошибочно назван город.",
    "A correction has been made to this article: the name was wrong.",
    "We have corrected the name of the minister in this article.",
    "The story was corrected on March 3.",
    "The article has been updated with a comment by the Kremlin.",
    "Updated at 3 p.m. to add comment.",
    "Updated with Kremlin comment.",
    "Note: This article has been updated.",
    "Clarification. An earlier version said 6%.",
]

NO_NOTES = [
    "The update of the law was adopted by parliament on Monday.",
    "Corrections officers said that the prisoner was well.",
    "This story has been told many times in the villages there.",
    "The report was published by the ministry on Monday evening.",
    "Earlier, the ministry had said that talks would go on.",
    "An earlier attempt to change the constitution failed in 2019.",
    "Поправки в закон приняты в третьем чтении в среду.",
    "Поправка к закону принята Госдумой в третьем чтении.",
    "Уточнение данных займёт несколько дней, сказал он.",
    "Статья уголовного кодекса предусматривает штраф.",
    "The report was amended by the State Duma on Thursday before the vote.",
    "The text was changed by lawmakers in the second reading, the agency said.",
    "This text was changed by lawmakers in the second reading, the agency said.",
    "The article was amended by the Duma to include prison terms.",
    "An earlier version of the bill had a ban on adoptions, lawmakers said.",
    "A previous report of the UN said that 200 civilians died there.",
    "An earlier version of the report said that 200 civilians died there.",
    "The original version of this article was first published by Meduza.",
    "This article originally appeared in another newspaper.",
    "Update - the band's new record - sold well.",
    "Update — the band's new record — sold well.",
    "Текст изменен депутатами во втором чтении.",
    "Статья была дополнена новым пунктом в Уголовном кодексе, сообщил депутат.",
    "В предыдущей редакции закона такого пункта не было.",
    "В предыдущей версии текста законопроекта такого пункта не было.",
    "We have updated the fleet, the airline said.",
    "Corrections have been made to the constitution, the president said.",
    "Updated rules on migration took effect in the regions on Monday.",
    "Updated: 5 minutes ago",
    "Updated: March 5, 2024, 14:03",
]


@pytest.mark.parametrize("note", NOTES)
def test_an_editors_note_is_a_correction_whatever_else_changes(note: str) -> None:
    assert is_correction(note)
    assert classify_change(within("Five were hurt."), write(f"{note}\n\n{FIRST}\n\nSix were hurt.\n\n{LAST}")) is (
        RevisionClass.CORRECTION
    )
    assert classify_change(within(FIRST), within(f"{FIRST} {note}")) is RevisionClass.CORRECTION


@pytest.mark.parametrize("sentence", NO_NOTES)
def test_a_mere_mention_of_corrections_is_not_a_correction(sentence: str) -> None:
    assert not is_correction(sentence)
    assert classify_change(write(f"{FIRST}\n\n{LAST}"), within(sentence)) is SUBSTANTIVE


def test_a_change_below_an_old_note_is_not_a_new_correction() -> None:
    before = write(f"{NOTES[0]}\n\n{FIRST}\n\nFive were hurt.")
    assert classify_change(before, write(f"{NOTES[0]}\n\n{FIRST}\n\nSix were hurt.")) is SUBSTANTIVE


@pytest.mark.parametrize(
    "special",
    [
        {"tags": ("Talks", "Kremlin")},
        {"headline": "Talks  Go\u00a0On"},
        {"body": FIRST.replace(" ", "\u00a0", 2)},
        {"body": f"\n{FIRST}\n"},
        {"images": ({"url": "https://static.example.org/image/1920/a7/tass.jpg", "caption": "A", "credit": "B"},)},
        {
            "images": (
                {"url": "https://static.example.org/image/article_640/a7/tass.jpg", "caption": "A", "credit": "B"},
            )
        },
        {"images": ({"url": "http://static.example.org/image/og/a7/tass-640x480.jpg", "caption": "A", "credit": "B"},)},
    ],
    ids=str,
)
def test_typesetting_is_not_a_change(special: dict[str, Any]) -> None:
    assert classify_change(write(), write(**special)) is None
    assert list_changed_fields(write(), write(**special)) == {}


def test_another_style_of_quotes_is_not_a_change() -> None:
    assert classify_change(within('He said "yes," it\'s so.'), within("He said “yes,” it’s so.")) is None


@pytest.mark.parametrize(
    ("special", "expected"),
    [
        ({"headline": "Talks End"}, RevisionClass.HEADLINE),
        ({"subtitle": "A day later"}, RevisionClass.HEADLINE),
        ({"headline": "Talks End", "tags": ()}, RevisionClass.HEADLINE),
        ({"headline": "Talks End", "body": FIRST.replace("ministry", "minisrty")}, RevisionClass.HEADLINE),
        ({"headline": "Talks Go Onn", "body": FIRST.replace("ministry", "minisrty")}, RevisionClass.HEADLINE),
        ({"headline": "Talks End", "body": "Something else was said there."}, SUBSTANTIVE),
        ({"tags": ("Kremlin",)}, RevisionClass.METADATA),
        ({"authors": ("Ann Author", "Bo Writer")}, RevisionClass.METADATA),
        ({"section": "opinion"}, RevisionClass.METADATA),
        ({"published_at": None}, RevisionClass.METADATA),
        ({"images": ()}, RevisionClass.METADATA),
        (
            {"images": ({"url": "https://static.example.org/1920/a7/afp.jpg", "caption": "A", "credit": "B"},)},
            "metadata",
        ),
        ({"tags": (), "body": FIRST.replace("ministry", "minisrty")}, TYPO),
        ({"body": ""}, SUBSTANTIVE),
    ],
    ids=str,
)
def test_the_most_significant_change_decides_the_class(special: dict[str, Any], expected: str) -> None:
    assert classify_change(write(), write(**special)) == expected


def test_many_typos_at_once_are_an_edit() -> None:
    before = f"{FIRST} {LAST} {' '.join(f'{letter}minisrty' for letter in 'abcdefghijkl')}"
    eight = before.replace("minisrty", "ministry", 8)
    assert classify_change(write(before), write(eight)) is TYPO
    assert classify_change(write(before), write(before.replace("minisrty", "ministry"))) is SUBSTANTIVE


def test_pictures_of_other_names_differ() -> None:
    assert image_key("https://a.org/x/one.jpg") != image_key("https://a.org/x/two.jpg")
    assert image_key(None) == image_key("")
    assert image_key("http://[broken") == "http://[broken"


def test_words_of_a_changed_paragraph_are_marked_in_order() -> None:
    runs = compare_words("The talks ended on Monday.", "The long talks ended on Tuesday.")
    assert [(run.op, run.text) for run in runs] == [
        ("same", "The"),
        ("added", "long"),
        ("same", "talks ended on"),
        ("removed", "Monday."),
        ("added", "Tuesday."),
    ]


def test_added_and_removed_paragraphs_are_distinguished_from_changed_ones() -> None:
    changes = compare_paragraphs(f"{FIRST}\n\nIt is gone now.\n\n{LAST}", f"New here.\n\n{FIRST}\n\n{LAST} Really.")
    assert [(change.op, change.before is None, change.after is None) for change in changes] == [
        ("added", True, False),
        ("same", False, False),
        ("removed", False, True),
        ("changed", False, False),
    ]


@pytest.mark.parametrize("separator", ["\n\n", " "])
def test_a_text_that_repeats_itself_is_compared_in_little_time(separator: str) -> None:
    """Aligning all with all would take hours: the time limit of tests would end it."""
    before, after = separator.join(["Yes."] * 8_000), separator.join((["Yes."] * 7 + ["No."]) * 1_000)
    changes = list(compare_paragraphs(before, after))
    assert changes[0].op == ("same" if separator == "\n\n" else "changed")
    assert separator.join(one.after for one in changes if one.after is not None) == after
    assert separator.join(one.before for one in changes if one.before is not None) == before
