"""Reviews in Google Play, from what its public pages load.

Google has no public API for them. The library google-play-scraper knows how its pages ask and
what stands where in their answers. Only that is used of it: its own calls have no timeout, do not
check certificates, and take every failure for the end of the list.
"""

import json
import re
import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.payloads import line
from common.places import AskedToWait, ConnectionFault, Setting
from common.rest import Site
from feedback.connectors.base import Asked, Connector, Gathered, Row, patient
from feedback.connectors.html import tidy
from feedback.connectors.paging import Descent, moment_of
from feedback.connectors.words import said

# Importing the library switches off the check of certificates for all of urllib in this process;
# it is put back as it was.
_checked = ssl._create_default_https_context
from google_play_scraper import Sort  # noqa: E402
from google_play_scraper.constants.element import ElementSpecs  # noqa: E402
from google_play_scraper.constants.regex import Regex  # noqa: E402
from google_play_scraper.constants.request import Formats  # noqa: E402
from google_play_scraper.utils import nested_lookup  # noqa: E402

ssl._create_default_https_context = _checked

STORE = "https://play.google.com"
PAGE = 100
_OVERLAP = timedelta(days=3)  # reviews are shown some time after they were written
_MENDS = {
    400: "Check the app’s name and the languages.",
    404: "Check the app’s name.",
    429: "Google refuses for now; it is tried again later.",
}


def _gather(asked: Asked) -> Gathered:
    app, languages = _app(asked.options), _languages(asked.options)
    turn = line(asked.cursor.get("turn"), 10)
    language = turn if turn in languages else languages[0]
    way = Descent.resumed(asked.cursor.get(language), asked.since, asked.now)
    place = line(way.place, 2000) or None
    country = line(asked.options.get("country"), 2).lower() or "us"
    site = Site("Google Play", STORE, {}, asked.private_hosts, _MENDS)
    reviews, following = _ask(site, app, language, country, place, asked)
    times = [moment_of(nested_lookup(review, [5, 0]), asked.now) for review in reviews]
    found = [
        row
        for review, time in zip(reviews, times, strict=True)
        if (time is None or time >= way.floor) and (row := _row(review, app, language, time))
    ]
    way = way.after(times, following if reviews and following != place else None, overlap=_OVERLAP)
    rest = languages[languages.index(language) + 1 :] if way.is_over else [language]
    cursor = {**asked.cursor, language: way.kept(), "turn": rest[0] if rest else languages[0]}
    return Gathered(found, cursor, bool(rest))


def _ask(
    site: Site, app: str, language: str, country: str, place: str | None, asked: Asked
) -> tuple[list[Any], str | None]:
    """Return a page of reviews, as the library's specs read them, and where the next one is."""
    url = Formats.Reviews.build(lang=language, country=country)
    body = Formats.Reviews.build_body(app, Sort.NEWEST.value, PAGE, "null", "null", place)
    kind = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
    answer = site.raw("POST", url.removeprefix(STORE), body, kind, now=asked.now).text()
    if "PlayGatewayError" in answer:
        raise AskedToWait("Google Play asks to wait.", retry_after=timedelta(minutes=10))
    unknown = ConnectionFault(
        "Google Play answered in a form that Wake does not know.",
        "Its pages may have changed: look for a newer Wake.",
    )
    try:
        outer = json.loads(Regex.REVIEWS.findall(answer)[0])
        inner = json.loads(outer[0][2] or "[]")
    except (ValueError, LookupError, TypeError, RecursionError):
        raise unknown from None
    if not isinstance(inner, list):
        raise unknown
    reviews = inner[0] if inner and isinstance(inner[0], list) else []
    try:
        following = inner[-2][-1]
    except (LookupError, TypeError):
        following = None
    token = following if isinstance(following, str) and '"' not in following else None
    return [review for review in reviews if isinstance(review, list)], token


def _row(review: list[Any], app: str, language: str, time: Any) -> Row | None:
    facts = {
        name: spec.extract_content(review)
        for name, spec in ElementSpecs.Review.items()
        if name not in ("at", "repliedAt")  # of which the library makes times without an offset
    }
    number, stars = line(facts.get("reviewId"), 150), facts.get("score")
    if not number or stars not in (1, 2, 3, 4, 5):
        return None
    row: Row = {
        "id": number,
        "text": said(tidy(facts.get("content"))),
        "rating": stars,
        "rating_max": 5,
        "created_at": time.isoformat() if time else None,
        "url": f"{STORE}/store/apps/details?id={app}&reviewId={number}",
        "language_asked": language,
    }
    if version := line(facts.get("appVersion"), 100):
        row["version"] = version
    if answer := said(tidy(facts.get("replyContent"))):
        row["reply_text"] = answer
        replied = nested_lookup(review, [7, 2, 0])
        row["replied_at"] = replied if isinstance(replied, int) else None
    # Reviewers have no number that is shown, and names are no key: many have the same.
    return row


def _app(options: Mapping[str, Any]) -> str:
    given = line(options.get("app"), 500)
    found = re.fullmatch(r"(?:https?://.*[?&]id=)?([A-Za-z]\w*(?:\.\w+)+)(?:[&#].*)?", given)
    if not found:
        raise ConnectionFault(
            f"“{given[:100]}” is no app.", "Enter its name, as in the address: com.example.shop."
        )
    return found[1]


def _languages(options: Mapping[str, Any]) -> list[str]:
    given = re.split(r"[\s,;]+", line(options.get("languages"), 1000) or "en")
    codes = list(dict.fromkeys(code for code in given if code))
    odd = next((c for c in codes if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?", c)), None)
    if odd or not codes:
        raise ConnectionFault(
            f"“{(odd or '')[:20]}” is no language.", "Enter codes such as en, de, pt-BR."
        )
    return codes


GOOGLE_PLAY = Connector(
    name="google_play",
    label="Google Play reviews",
    what="Reviews of an app in Google Play: words, stars, version, and what you answered there.",
    settings=(
        Setting("app", "App", "Its name, such as com.example.shop, or its address in Google Play."),
        Setting(
            "languages",
            "Languages",
            "Codes with commas between, such as en, de, pt-BR. Google shows reviews by language.",
            default="en",
        ),
        Setting("country", "Country", "A code of two letters.", default="us", is_required=False),
    ),
    setup=(
        "No account and no key is needed. Google has no public API for reviews: Wake asks as the "
        "store’s own pages do, and Google may change those at any time.",
    ),
    gather=patient(_gather),
    every=timedelta(hours=1),
)
