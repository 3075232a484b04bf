"""Keeping secrets out of what is kept: headers, and bodies as they came. Pure."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

MASK = "***"
_PRIVATE = (
    r"(?:authorization|cookie|credential|hmac|passw(?:or)?d|passphrase|private[_-]?key|secret|"
    r"signature|token|api[_-]?key|access[_-]?key)"
)
_HEADER = re.compile(rf"(?i){_PRIVATE}")
# A name in JSON, and the text behind it; the rest of the body stays byte for byte. Every repeat in
# these is bounded: a body may have twelve megabytes, and be made to keep an open-ended one busy.
_FIELD = re.compile(
    rf'(?i)("[^"\\]{{0,60}}{_PRIVATE}[^"\\]{{0,60}}"\s{{0,9}}:\s{{0,9}})"(?:[^"\\]|\\.)*"'.encode()
)
# What gives itself away wherever it stands.
_SHAPES = re.compile(
    rb"gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}"
    rb"|AKIA[0-9A-Z]{16}|whsec_[\w+/=-]{16,}|sk_live_\w{16,}"
    rb"|(?<![\w-])eyJ[\w-]{10,4000}\.[\w-]{10,4000}\.[\w-]{10,4000}"
    rb"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,9000}-----END [A-Z ]{0,30}PRIVATE KEY-----",
    re.DOTALL,
)
_IN_ADDRESS = re.compile(rb"(?i)(https?://[^\s/:@\"]{0,200}:)[^\s/@\"]{1,500}@")
_IN_QUERY = re.compile(
    rf"(?i)([?&][^=&?\s\"]{{0,40}}(?:{_PRIVATE}|sig)[^=&?\s\"]{{0,40}}=)[^&\s\"\\]+".encode()
)


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers by their names in lower case, with every secret replaced by ***."""
    return {
        name.lower(): MASK if _HEADER.search(name) else mask_text(value)
        for name, value in headers.items()
    }


def mask_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without the given secrets, and without what looks like one."""
    return mask_body(text.encode("utf-8", "replace"), secrets).decode("utf-8", "replace")


def mask_body(body: bytes, secrets: Iterable[str] = ()) -> bytes:
    """Return the body without secrets; whatever is none stays as it came, byte for byte.

    Secrets are the values of fields that are called so, what has the shape of a well-known token,
    passwords in addresses, and the given ones.
    """
    for secret in secrets:
        if len(secret) >= 8:
            body = body.replace(secret.encode(), MASK.encode())
    body = _FIELD.sub(rb'\1"***"', body)
    body = _SHAPES.sub(MASK.encode(), body)
    body = _IN_ADDRESS.sub(rb"\1***@", body)
    return _IN_QUERY.sub(rb"\1***", body)


def mask_form(body: bytes, secrets: Iterable[str] = ()) -> bytes:
    """Return a form's body without secrets in any of its fields."""
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    masked = [
        (name, MASK if _HEADER.search(name) else mask_body(value.encode(), secrets).decode())
        for name, value in fields
    ]
    return urlencode(masked).encode() if masked != fields else body
