"""Lists of URLs, in the forms in which people keep them."""

import pytest

from pipeline.url_list import read_url_list

WWW = "https://www.themoscowtimes.com/2024/09/28"
ONE, TWO = f"{WWW}/one-a96001", f"{WWW}/two-a96002"


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        '"{}"',
        "'{}',",
        "“{}”",
        "- {}",
        "* {}",
        "• {}",
        "1. {}",
        "2) <{}>",
        "<{}>",
        "[A title](  {} )",
        "- [A title]({})",
        "{} # first",
        "{} a note",
        "{},2024-09-28",
        '"{}","A title, with a comma"',
        "A title\t{}\t2024-09-28",
        "2024-09-28;{}",
        "2024-09-28, {}",
        '{} ,"x"',
    ],
)
@pytest.mark.parametrize("header", ["", "url\n", "url,date\n", "# a comment\n\n", "[\n"])
def test_a_list_of_urls_is_read_in_any_form(form: str, header: str) -> None:
    text = header + "\n".join(form.replace("{}", url) for url in (ONE, TWO)) + "\n"
    assert read_url_list(text.encode()) == (ONE, TWO)


@pytest.mark.parametrize("line", [f'["{ONE}", "{TWO}"]', f"{ONE}, {TWO}", f"{ONE};{TWO}", f"{ONE}\t{TWO}"])
def test_a_line_of_only_urls_is_read_completely(line: str) -> None:
    assert read_url_list(line.encode()) == (ONE, TWO)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_list_is_read_in_any_encoding(encoding: str) -> None:
    urls = (f"{WWW}/café-a96001", TWO)
    assert read_url_list("\r\n".join(urls).encode(encoding)) == urls


@pytest.mark.parametrize("scheme", ["", "//"])
@pytest.mark.parametrize("host", ["www.themoscowtimes.com", "themoscowtimes.com"])
def test_urls_without_a_scheme_are_https(scheme: str, host: str) -> None:
    assert read_url_list(f"{scheme}{host}/2024/09/28/one-a96001\n".encode()) == (
        f"https://{host}/2024/09/28/one-a96001",
    )


@pytest.mark.parametrize("url", ["https://x.example/a,1518,434.html", "https://x.example/?ll=55.7,37.6"])
def test_a_comma_within_a_url_is_part_of_it(url: str) -> None:
    assert read_url_list(url.encode()) == (url,)


@pytest.mark.parametrize("blank", ["\u00a0", "\u0085", "\u3000", '\u2003"\u2003"\u2003', "\x1f"])
def test_a_cell_of_blanks_alone_is_no_cell(blank: str) -> None:
    assert read_url_list(f"{blank};{ONE}\n{TWO},{blank}\n{blank}\t{blank}\n".encode()) == (ONE, TWO)


@pytest.mark.parametrize("text", [f"{ONE}\n{TWO}\nnot a URL\n", f"{ONE}\na\nb\nc", f"a\nb\n{ONE}\n{TWO}\n{ONE}"])
def test_what_cannot_be_read_as_a_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="of a list of URLs is not a URL"):
        read_url_list(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n# nothing\n",
        f"A Headline\n\nSome text of it.\n\nIt goes on, as they do.\n\n{ONE}\n",
        "U.S./Russia talks end.\n\nand/or what was said",
        "Mr.Putin/Mr.Biden",
        "Read all of it at www.themoscowtimes.com today.",
        "\ufffd\x00\x01",
    ],
)
def test_a_text_is_not_a_list(text: str) -> None:
    assert read_url_list(text.encode()) == ()
