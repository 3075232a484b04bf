"""The team's own pages: what visitors write in the widget there, or on the form page of Wake.

Nothing here is proven: whoever reads a page's source has its key. So the key opens one thing only,
the writing of a message, and what a message claims is kept as a claim.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from common.errors import BadInput
from common.places import Setting
from common.values import clean_text, read_number, storable
from feedback.connectors.base import Connector, Row

MAX_TEXT = 5_000
# A message may have waited on its device, offline, as long as the widget keeps it.
LONGEST_WAIT = timedelta(days=14)
QUESTION = "What would you like to tell us?"
YES_NO = (("yes", "Yes"), ("no", "No"))
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
# The first that is found in a User-Agent is meant; the rest of it is not kept.
_BROWSERS = (
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Edg", "Edge"), ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip


def may_send(options: Mapping[str, Any], origin: str) -> bool:
    """Return True if pages of `origin` may send messages: any may, unless some are listed.

    A listed site is an origin (`https://shop.example`), one for all hosts below another
    (`https://*.shop.example`), or a bare host, which means https, or http on any port if it is
    this very machine (`localhost`).
    """
    listed = str(options.get("origins", "")).replace(",", " ").split()
    return not listed or any(_is_of(origin.lower(), site.lower().rstrip("/")) for site in listed)


def _is_of(origin: str, site: str) -> bool:
    scheme, _, host = origin.rpartition("://")
    if site in _LOCAL:
        return scheme == "http" and re.fullmatch(re.escape(site) + r"(:\d+)?", host) is not None
    wanted_scheme, _, wanted = site.rpartition("://")
    if scheme != (wanted_scheme or "https"):
        return False
    if wanted.startswith("*."):
        return host.endswith(wanted[1:]) and len(host) >= len(wanted)
    return host == wanted


def settings_for_page(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the widget asks for: a question of the team's own (or ""), rating and mail."""
    question = str(options.get("question") or "")
    return {
        "question": "" if question == QUESTION else question,  # the widget has it in its languages
        "rating": options.get("rating") != "no",
        "mail": options.get("mail") != "no",
    }


def read_message(
    said: Any, *, signing_secret: str = "", environment: str = "", agent: str = ""
) -> tuple[Row, timedelta]:
    """Return a message as a row for intake, and how long ago it was written; raises BadInput.

    `said` is an object of `text` or `rating` (1 to 5), and perhaps `id` (the same in every try),
    `mail`, `url`, `version`, `environment`, `area`, `language`, `customer` {id, name, signature},
    `waited` (seconds from writing to sending), `seconds` (from opening to writing) and `website`,
    which people do not see and leave empty.
    """
    if not isinstance(said, Mapping):
        raise BadInput("body", "must be an object.", 'Send {"text": "..."}.')
    text = clean_text(said.get("text"), field="text", max_length=MAX_TEXT)
    rating = read_number(said.get("rating"), field="rating")
    if not text and rating is None:
        raise BadInput("text", "is missing, and there is no rating.", "Write something, or rate.")
    row: Row = {"text": text, "rating": rating, "url": bare_page(said.get("url"))}
    for name, length in (("version", 100), ("environment", 100), ("area", 200), ("language", 35)):
        row[name] = clean_text(said.get(name), field=name, max_length=length)
    row["environment"] = row["environment"] or environment
    row["customer"] = _customer(said, signing_secret)
    row["signals"] = _signals(said)
    row["browser"] = next((name for mark, name in _BROWSERS if mark in agent), "")
    if said.get("id") not in (None, ""):
        row["id"] = _message_id(said["id"])
    waited = read_number(said.get("waited"), field="waited") or 0.0
    kept = {name: value for name, value in row.items() if value not in ("", None, {})}
    return kept, min(timedelta(seconds=max(0.0, min(waited, 1e9))), LONGEST_WAIT)


def _message_id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise BadInput("id", "is not 8 to 64 letters, digits, - or _.", "Send a random one.")
    return value


def bare_page(value: Any) -> str:
    """Return the address of a page without what may be private in it: user, query, fragment."""
    text = clean_text(value, field="url", max_length=2000)
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return text if text.startswith("/") and "?" not in text and "#" not in text else ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _customer(said: Mapping[str, Any], signing_secret: str) -> dict[str, str]:
    facts = said.get("customer")
    facts = facts if isinstance(facts, Mapping) else {}
    mail = clean_text(said.get("mail"), field="mail", max_length=254)
    if mail and not _MAIL.fullmatch(mail):
        raise BadInput("mail", "is not a mail address.", "Write it as name@example.com.")
    known_by = clean_text(facts.get("id"), field="customer.id", max_length=200)
    name = clean_text(facts.get("name"), field="customer.name", max_length=150)
    if signing_secret and _is_signed(known_by, facts.get("signature"), signing_secret):
        customer = {"id": known_by, "name": name, "email": mail}
    elif mail:
        # Not under the id: whoever claims it first would get the answers meant for its owner.
        customer = {"email": mail, "name": name}
    else:
        customer = {} if signing_secret or not known_by else {"id": known_by, "name": name}
    return {name: value for name, value in customer.items() if value}


def _is_signed(known_by: str, signature: Any, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), storable(known_by).encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), storable(str(signature)).encode())


def _signals(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what hints at a robot; a person judges, so none of it refuses anything."""
    signals: dict[str, Any] = {}
    if said.get("website"):
        signals["filled_hidden_field"] = True
    seconds = said.get("seconds")
    if isinstance(seconds, int | float) and 0 <= seconds < 1e6:
        signals["seconds"] = round(float(seconds), 1)
    return signals


_SNIPPET = '<script src="{base}/widget.js" data-key="{key}" data-version="1.0.0" defer></script>'
_LINK = '<noscript><a href="{base}/f/{key}/?version=1.0.0">Give feedback</a></noscript>'

WIDGET = Connector(
    name="widget",
    label="Widget and form page",
    what="What visitors write: in a feedback button on your own pages, or on a form page.",
    settings=(
        Setting(
            "origins",
            "Sites that may send",
            "Such as https://shop.example, https://*.shop.example or localhost, with spaces "
            "between. Empty: every site. A browser tells truly which site it shows; other "
            "programs can claim any.",
            is_required=False,
        ),
        Setting("question", "Question", is_required=False, default=QUESTION),
        Setting("rating", "Ask for a rating", default="yes", choices=YES_NO),
        Setting("mail", "Ask for a mail address", default="yes", choices=YES_NO),
        Setting(
            "signing_secret",
            "Secret that signs customers’ ids",
            "If it is set, an id counts only with a signature that your server made with it. "
            "Empty: ids are taken as they come.",
            is_secret=True,
            is_required=False,
        ),
    ),
    setup=(
        "Put the script into your pages, with the version that the page is of. Nothing else is "
        "needed, and nothing is loaded from anywhere else.",
        "If your pages have a content security policy, add `{base}` to its `script-src` and "
        "`connect-src`.",
        "Where there are no scripts, link to the form page: `{base}/f/{key}/`.",
    ),
    copies=(("In every page", _SNIPPET), ("For those without scripts", _LINK)),
)
