"""Secrets in URLs: what is printed, logged, reported or sent to people has `***` in their place."""

import re

MASK = "***"

NAMES = r"[\w.-]*(?:passw|pwd|passphrase|secret|token|key|auth|signature|sig|credential|session)[\w.-]*"
"""What parameters are called whose values are secrets, or begin so: libpq's `sslpassword`, an API's `access_token`."""

_USER = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,30}://)(?P<user>[^\s/?#:\"'<>]*)(?P<word>:[^\s/?#\"'<>]*)?@", re.IGNORECASE
)
_DATABASE = re.compile(r"(\b(?:postgres|mysql|mariadb)[a-z0-9+]{0,30}://[^\s:/@]*):[^@\s]*@", re.IGNORECASE)
"""SQLAlchemy takes passwords with a slash."""

_BARE_USER = re.compile(r"(?<![\w.:/+-])(?!mailto:)([\w.+-]{1,64}):[^\s/@:\"'<>]{1,256}@(?=[\w\[])", re.IGNORECASE)
"""As libraries say it that have taken a URL apart: `invalid hostname: me:password@127.0.0.1`."""

_PARAMETER = re.compile(rf"(?P<name>[?&;]{NAMES}=)[^&;#\s\"'<>]*", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """The text, a URL or one with URLs in it, without passwords, tokens and keys."""
    text = _BARE_USER.sub(rf"\1:{MASK}@", _DATABASE.sub(rf"\1:{MASK}@", text))
    return _PARAMETER.sub(rf"\g<name>{MASK}", _USER.sub(_mask_user, text))


def _mask_user(found: re.Match[str]) -> str:
    if found["word"]:
        return f"{found['scheme']}{found['user']}:{MASK}@"
    # On the web, a name without a password is a token; elsewhere it is a name.
    return f"{found['scheme']}{MASK}@" if found["scheme"].lower().startswith("http") else found[0]
