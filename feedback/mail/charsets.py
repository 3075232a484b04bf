"""Bytes of a mail into text, whatever charset they say, and whether or not it is true. Pure."""

import codecs
from email.errors import HeaderParseError
from email.header import decode_header

from charset_normalizer import from_bytes

# What is written in practice under these names, as the WHATWG Encoding Standard has it.
_MEANT = {
    "us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "big5": "big5hkscs",
    "x-mac-roman": "mac-roman", "unicode-1-1-utf-7": "utf-7", "utf8": "utf-8",
}  # fmt: skip
# These can be read as text in no other charset by chance, so that what they say is believed first.
_TELLING = ("utf-16", "utf-32", "iso-2022", "gb18030", "cp932", "cp949", "big5", "euc", "utf-7")
SAMPLE = 20_000  # bytes that a guess is made from
SHORT = 12  # of so few bytes any guess is as good as another
MAX_HEADER = 5_000
# What mails without a charset are in, in practice.
_LIKELY = [
    "cp1252", "cp1251", "koi8-r", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp874",
    "cp932", "gb18030", "big5", "cp949", "euc-jp",
]  # fmt: skip


def decoded(raw: bytes, said: str = "") -> str:
    """Return the text that `raw` is; `said` is the charset that the mail names, or "".

    Mails name none, a wrong one, or one that does not exist. Bytes that are valid UTF-8 and not
    plain ASCII are UTF-8 whatever single-byte charset they claim to be; else what is said counts;
    else the most likely charset is guessed from the letters. It never raises.
    """
    if not raw:
        return ""
    meant = _meant(said)
    order = [meant, "utf-8"] if meant.startswith(_TELLING) else ["utf-8", meant]
    if raw.isascii() and not meant.startswith(_TELLING):
        return raw.decode("ascii")
    for name in order:
        try:
            return raw.decode(name or "utf-8")
        except (UnicodeError, LookupError, ValueError):
            continue
    mostly = raw.decode("utf-8", "replace")
    bad = mostly.count("\ufffd")
    if bad * 8 < sum(not c.isascii() for c in mostly) - bad:  # UTF-8 that was cut or damaged
        return mostly
    guess = from_bytes(raw[:SAMPLE], cp_isolation=_LIKELY).best() if len(raw) > SHORT else None
    return raw.decode(guess.encoding if guess else "cp1252", "replace")


def _meant(said: str) -> str:
    name = said.strip().strip("\"'").lower()[:60]
    name = _MEANT.get(name, name)
    try:
        found = codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        return ""
    # Python has codecs, such as "rot13" and "zlib", that are no charsets.
    return name if name and found not in _NO_CHARSETS else ""


_NO_CHARSETS = {
    "base64", "bz2", "hex", "idna", "punycode", "quopri", "raw-unicode-escape", "rot13",
    "undefined", "unicode-escape", "uu", "zlib",
}  # fmt: skip


def header_text(raw: str) -> str:
    """Return a header as people read it: RFC 2047 decoded, on one line, without control marks."""
    text = _eight_bit(raw[:MAX_HEADER])
    if "=?" in text:
        try:
            parts = decode_header(text)
        except (HeaderParseError, ValueError):
            parts = [(text, None)]
        text = "".join(
            part if isinstance(part, str) else decoded(part, charset or "")
            for part, charset in parts
        )
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _eight_bit(raw: str) -> str:
    """Headers may hold raw bytes, which the parser hands over as surrogates."""
    try:
        return decoded(raw.encode("ascii", "surrogateescape"))
    except UnicodeError:
        return raw.encode("utf-8", "replace").decode()
