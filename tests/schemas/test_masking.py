"""Only secrets in URLs are masked."""

import pytest

from schemas.masking import mask_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:hun/ter2@db/x?sslpassword=hunter3&sslmode=require", "postgresql://me:***@db/x?sslpassword=***&sslmode=require"),
        ("postgresql://db/x?user=me&password=hunter2", "postgresql://db/x?user=me&password=***"),
        ("postgresql://broadsheet@db/x", "postgresql://broadsheet@db/x"),
        ("{'https://a.org': 'http://me:hunter2@10.0.0.1:80'}", "{'https://a.org': 'http://me:***@10.0.0.1:80'}"),
        ("no server at http://hunter2@prefect/api: refused", "no server at http://***@prefect/api: refused"),
        ("s3://bucket/x?X-Amz-Signature=hunter2#a", "s3://bucket/x?X-Amz-Signature=***#a"),
        ("https://a.org/feed?access_token=hunter2&page=2", "https://a.org/feed?access_token=***&page=2"),
        ("mailtos://me:hunter2@mail.example?key=hunter3", "mailtos://me:***@mail.example?key=***"),
        ("invalid hostname: me:hunter2@127.0.0.1", "invalid hostname: me:***@127.0.0.1"),
        ("mailto:me@example.org, at 12:30 me@example.org", "mailto:me@example.org, at 12:30 me@example.org"),
        ("https://example.org/a@b-a1?page=2, me@example.org", "https://example.org/a@b-a1?page=2, me@example.org"),
    ],
)  # fmt: skip
def test_secrets_in_a_url_are_masked(text: str, shown: str) -> None:
    assert mask_secrets(text) == shown
