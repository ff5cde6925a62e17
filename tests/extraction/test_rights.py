"""What a page and its host's files say about its use."""

from datetime import UTC, datetime

import pytest

from extraction.metadata import read_metadata
from extraction.rights import read_rights
from extraction.tree import parse_page
from schemas.article import Unreadable
from schemas.capture import Capture, CaptureRef
from schemas.rights import HostFile, Rights, StatedRights, list_terms
from sites.rights import (
    clean_tdm_file,
    combine_rights,
    find_tdm_rule,
    is_host_file,
    read_content_signals,
    read_licences,
)

HOST = "https://provider.com"
URL = f"{HOST}/directory-b/html/page.html"
AT = datetime(2026, 6, 3, tzinfo=UTC)
REF = CaptureRef(warc="a.warc.gz", offset=0, length=1, sha256="0" * 64)

SPECIFIED = """[
    {"location": "/directory-a/", "tdm-reservation": 1},
    {"location": "/directory-b/html/", "tdm-reservation": 1, "tdm-policy": "https://provider.com/policies/policy.json"},
    {"location": "/directory-b/images/*.jpg", "tdm-reservation": 0}
]"""
"""The example of the specification."""


def read(head: str = "", *headers: tuple[str, str]) -> StatedRights:
    html = f"<!DOCTYPE html><html><head>{head}</head><body><p>A page.</p></body></html>".encode()
    capture = Capture(ref=REF, url=URL, fetched_at=AT, status=200, headers=headers, body=html)
    tree = parse_page(html)
    assert not isinstance(tree, Unreadable)
    return read_rights(capture, read_metadata(tree, URL))


def combine(stated: StatedRights, tdm: str = "", robots: str = "") -> Rights:
    file = HostFile(url=HOST, status=200, fetched_at=AT, capture=REF)
    return combine_rights(stated, URL, (file, robots), (file, tdm))


@pytest.mark.parametrize(
    ("head", "headers", "terms"),
    [
        ("", [], []),
        ('<meta name="googlebot" content="noarchive">', [], ["googlebot:noarchive", "noarchive"]),
        ('<meta name="ROBOTS" content="NoArchive, max-snippet: 50">', [], ["max-snippet:50", "noarchive"]),
        ('<meta name="robots" content="noai,noimageai"><meta name="bingbot" content="none">', [], None),
        ("", [("x-robots-tag", "noindex, nofollow")], ["nofollow", "noindex"]),
        ("", [("x-robots-tag", "noai"), ("x-robots-tag", "googlebot: noarchive")], None),
        (
            "",
            [("x-robots-tag", "otherbot: noindex, googlebot: nosnippet, max-snippet:5")],
            [
                "googlebot:max-snippet:5",
                "googlebot:nosnippet",
                "max-snippet:5",
                "nosnippet",
                "noindex",
                "otherbot:noindex",
            ],
        ),
        (
            "",
            [("x-robots-tag", "unavailable_after: 25 Jun 2010 15:00:00 PST")],
            ["unavailable_after:25_jun_2010_15:00:00_pst"],
        ),
        ('<meta name="robots" content="&#0; <b>,%,,">', [("x-robots-tag", ": , :")], []),
        ("", [("tdm-reservation", "1")], ["tdm-reserved"]),
        ("", [("tdm-reservation", "0")], ["tdm-free"]),
        ("", [("tdm-reservation", "yes")], []),
        ("", [("tdm-reservation", "0"), ("tdm-reservation", "1")], ["tdm-reserved"]),
        ('<meta name="tdm-reservation" content="0">', [("tdm-reservation", "1")], ["tdm-free"]),
        ('<meta name="tdm-policy" content="/policy.json">', [], []),
        ('<link rel="license" type="application/rsl+xml" href="/license.xml">', [], ["licence"]),
        ('<link rel="license" href="javascript:alert(1)"><link rel="license">', [], []),
        ("", [("link", '<https://provider.com/license.xml>; rel="license"')], ["licence"]),
        ("", [("link", '</a>; rel=next, </b>; title="license"')], []),
    ],
)
def test_headers_and_meta_tags_are_read(head: str, headers: list[tuple[str, str]], terms: list[str] | None) -> None:
    found = list_terms(combine(read(head, *headers)))
    if terms is None:
        assert {"noai"} < set(found)
    else:
        assert found == tuple(sorted(terms))


@pytest.mark.parametrize(
    ("path", "is_reserved", "policy"),
    [
        ("/directory-a/a.pdf", True, None),
        ("/directory-b/html/page.html?x=1", True, "https://provider.com/policies/policy.json"),
        ("/directory-b/images/deep/b.jpg", False, None),
        ("/directory-c/", None, None),
        ("/Directory-a/a.pdf", None, None),
    ],
)
def test_the_example_of_the_specification(path: str, is_reserved: object, policy: str | None) -> None:
    found = find_tdm_rule(SPECIFIED, HOST + path)
    assert (found.is_reserved if found else None) is is_reserved
    assert (found.policy_url if found else None) == policy


@pytest.mark.parametrize(
    ("rules", "path", "is_reserved"),
    [
        ('[{"location": "/path/foo-%24", "tdm-reservation": 1}]', "/path/foo-$", True),
        ('[{"location": "/this/path/exactly$", "tdm-reservation": 1}]', "/this/path/exactly-not", None),
        ('[{"location": "/this/*/then", "tdm-reservation": 1}]', "/this/or/that/then", True),
        ('[{"location": "/a", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]', "/a/b", False),
        ('[{"location": "/", "tdm-reservation": 1}, {"location": "/a", "tdm-reservation": 0}]', "/a/b", True),
        ('[{"location": "/", "tdm-reservation": "1"}]', "/a", True),
        ('[{"location": "/", "tdm-reservation": true}, {"location": 1, "tdm-reservation": 1}, 5, []]', "/a", None),
        ('[{"location": "/x\\nDisallow: /", "tdm-reservation": 1}, {"location": "/#"}]', "/a", None),
        ('{"location": "/", "tdm-reservation": 1}', "/a", None),
        ("<!DOCTYPE html><title>Oops!</title>", "/a", None),
        ("[" * 100_000, "/a", None),
    ],
)
def test_the_first_rule_that_matches_holds_and_broken_ones_say_nothing(
    rules: str, path: str, is_reserved: object
) -> None:
    found = find_tdm_rule(clean_tdm_file(rules.encode()), HOST + path)
    assert (found.is_reserved if found else None) is is_reserved


def test_headers_supersede_the_file_and_the_page_supersedes_both() -> None:
    policy = "https://provider.com/policies/policy.json"
    said = combine(StatedRights(), SPECIFIED).tdm
    assert said
    assert (said.is_reserved, said.policy_url, said.source.value) == (True, policy, "tdmrep.json")
    said = combine(read("", ("tdm-reservation", "0")), SPECIFIED).tdm
    assert said
    assert (said.is_reserved, said.policy_url, said.source.value) == (False, None, "header")
    # What a later statement leaves out is not reset.
    said = combine(read("", ("tdm-policy", "/own.json")), SPECIFIED).tdm
    assert said
    assert (said.is_reserved, said.policy_url, said.source.value) == (True, f"{HOST}/own.json", "tdmrep.json")
    said = combine(read('<meta name="tdm-reservation" content="1">', ("tdm-reservation", "0")), SPECIFIED).tdm
    assert said
    assert (said.is_reserved, said.policy_url, said.source.value) == (True, policy, "meta")


def test_robots_txt_names_licences_and_signals_for_all_bots() -> None:
    text = """License: https://provider.com/license.xml
        User-agent: other
        Content-Signal: search=no
        User-agent: a
        User-agent: *
        Content-Signal: search=yes, ai-train = no   # a comment
        Content-Signal: /news ai-input=no
        License: not a URL"""
    assert read_content_signals(text) == ("search=yes", "ai-train=no", "ai-input=no")
    assert [one.url for one in read_licences(text)] == ["https://provider.com/license.xml"]
    assert list_terms(combine(StatedRights(), robots=text)) == ("ai-input=no", "ai-train=no", "licence", "search=yes")


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.example/robots.txt", True),
        ("https://a.example/x/robots.txt", False),
        ("https://a.example/robots.txt?a", False),
        ("file:robots.txt", False),
        ("/robots.txt", False),
    ],
)
def test_a_host_file_is_at_the_root_of_its_host(url: str, is_one: object) -> None:
    assert is_host_file(url, "/robots.txt") is is_one
