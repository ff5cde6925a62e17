"""Masks secrets in URLs with `***`, in everything that is printed, logged, reported or sent to people."""

import re

MASK = "***"

NAMES = r"[\w.-]*(?:passw|pwd|passphrase|secret|token|key|auth|signature|sig|credential|session)[\w.-]*"
"""Names of parameters with secret values: libpq's `sslpassword`, an API's `access_token`."""

_USER = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,30}://)(?P<user>[^\s/?#:\"'<>]*)(?P<word>:[^\s/?#\"'<>]*)?@", re.IGNORECASE
)
_DATABASE = re.compile(r"(\b(?:postgres|mysql|mariadb)[a-z0-9+]{0,30}://[^\s:/@]*):[^@\s]*@", re.IGNORECASE)
"""Separate, because SQLAlchemy accepts passwords with a slash."""

_BARE_USER = re.compile(r"(?<![\w.:/+-])(?!mailto:)([\w.+-]{1,64}):[^\s/@:\"'<>]{1,256}@(?=[\w\[])", re.IGNORECASE)
"""Without a scheme, as in messages of libraries that split URLs: `invalid hostname: me:password@127.0.0.1`."""

_PARAMETER = re.compile(rf"(?P<name>[?&;]{NAMES}=)[^&;#\s\"'<>]*", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """Return a URL, or a text with URLs in it, with passwords, tokens and keys masked."""
    text = _BARE_USER.sub(rf"\1:{MASK}@", _DATABASE.sub(rf"\1:{MASK}@", text))
    return _PARAMETER.sub(rf"\g<name>{MASK}", _USER.sub(_mask_user, text))


def _mask_user(found: re.Match[str]) -> str:
    if found["word"]:
        return f"{found['scheme']}{found['user']}:{MASK}@"
    # In HTTP URLs, a user name without a password is a token; elsewhere it is just a name.
    return f"{found['scheme']}{MASK}@" if found["scheme"].lower().startswith("http") else found[0]
