"""Reviews in Apple's App Store, from its public feed of customer reviews.

A feed has the five hundred newest reviews of one country, fifty a page. It is an Atom feed put in
JSON, in which every text is an object with a `label`, and a list of one is not a list.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.payloads import dig, line, moment, web
from common.places import ConnectionFault, Setting
from common.rest import Site
from feedback.connectors.base import Asked, Connector, Gathered, Row, patient
from feedback.connectors.html import tidy
from feedback.connectors.paging import Descent, moment_of
from feedback.connectors.words import person, said

FEED = "https://itunes.apple.com"
LAST_PAGE = 10
_ALMOST_FULL = 40  # a page has fifty, or some less where one is the app itself
# Reviews are dated when they were written, and shown when Apple has looked at them.
_OVERLAP = timedelta(days=3)
_MENDS = {
    400: "Check the app’s number and the countries.",
    403: "Apple refuses for now; it is tried again later.",
    404: "Check the app’s number and the countries.",
}


def _gather(asked: Asked) -> Gathered:
    app, countries = _app(asked.options), _countries(asked.options)
    turn = line(asked.cursor.get("turn"), 2)
    country = turn if turn in countries else countries[0]
    way = Descent.resumed(asked.cursor.get(country), asked.since, asked.now)
    page = way.place if isinstance(way.place, int) and 1 <= way.place <= LAST_PAGE else 1
    site = Site("The App Store", FEED, {}, asked.private_hosts, _MENDS)
    path = f"/{country}/rss/customerreviews/page={page}/id={app}/sortby=mostrecent/json"
    answer = site.get(path, now=asked.now)
    if not isinstance(dig(answer.data, "feed"), Mapping):
        raise ConnectionFault("The App Store answered something else than its feed.", _MENDS[400])
    entries = _entries(answer.data)
    times = [moment_of(_label(entry, "updated"), asked.now) for entry in entries]
    found = [
        row
        for entry, time in zip(entries, times, strict=True)
        if (time is None or time >= way.floor) and (row := _row(entry, country))
    ]
    following = page + 1 if len(entries) >= _ALMOST_FULL and page < LAST_PAGE else None
    # Now and then Apple answers with an empty page where there are reviews. What is empty for a
    # second time is the end.
    empty_at = dig(asked.cursor, country, "empty_at")
    way = way.after(times, following, overlap=_OVERLAP, is_sure=bool(entries) or empty_at == page)
    if way.is_over:
        empty_at = None if entries else page
    rest = countries[countries.index(country) + 1 :] if way.is_over else [country]
    kept = {**way.kept(), "empty_at": empty_at}
    cursor = {**asked.cursor, country: kept, "turn": rest[0] if rest else countries[0]}
    return Gathered(found, cursor, bool(rest), answer.rest(asked.now))


def _app(options: Mapping[str, Any]) -> str:
    given = line(options.get("app"), 500)
    found = re.fullmatch(r"(?:.*[/?&]?id=?)?(\d{5,15})(?:[?&#].*)?", given)
    if not found:
        raise ConnectionFault(
            f"“{given[:100]}” is no app.", "Enter its number, as in the address: …/id1477376905."
        )
    return found[1]


def _countries(options: Mapping[str, Any]) -> list[str]:
    given = re.split(r"[\s,;]+", line(options.get("countries"), 1000).lower() or "us")
    codes = list(dict.fromkeys(code for code in given if code))
    odd = next((code for code in codes if not re.fullmatch("[a-z]{2}", code)), None)
    if odd or not codes:
        raise ConnectionFault(
            f"“{(odd or '')[:20]}” is no country.",
            "Enter codes of two letters, such as us, de, jp.",
        )
    return codes


def _entries(data: Any) -> list[Mapping[str, Any]]:
    found = dig(data, "feed", "entry")
    listed = found if isinstance(found, list) else [found]
    # The first entry of some feeds is the app itself, which nobody rated.
    return [one for one in listed if isinstance(one, Mapping) and "im:rating" in one]


def _label(entry: Mapping[str, Any], *path: str) -> Any:
    return dig(entry, *path, "label")


def _row(entry: Mapping[str, Any], country: str) -> Row | None:
    number, stars = line(_label(entry, "id"), 40), line(_label(entry, "im:rating"), 5)
    if not number or stars not in ("1", "2", "3", "4", "5"):
        return None
    row: Row = {
        "id": number,
        "text": said(line(_label(entry, "title"), 1000), tidy(_label(entry, "content"))),
        "rating": int(stars),
        "rating_max": 5,
        "created_at": moment(_label(entry, "updated")),
        "url": web(dig(_first(entry.get("link")), "attributes", "href")),
        "country": country,
    }
    if version := line(_label(entry, "im:version"), 100):
        row["version"] = version
    # The address of a reviewer's page ends in their number; names change.
    number_of = re.search(r"id(\d+)$", line(_label(entry, "author", "uri"), 300))
    if number_of:
        name = _label(entry, "author", "name")
        row["customer"] = person(f"app_store:{number_of[1]}", name)
    return row


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


APP_STORE = Connector(
    name="app_store",
    label="App Store reviews",
    what="Reviews of an app in Apple’s App Store: words, stars and the version they are about.",
    settings=(
        Setting(
            "app", "App", "Its number, or its address: https://apps.apple.com/app/id1477376905."
        ),
        Setting(
            "countries",
            "Countries",
            "Codes of two letters with commas between, such as us, de, jp. Each store has its own "
            "reviews.",
            default="us",
        ),
    ),
    setup=(
        "No account and no key is needed: the feed is public. It has the 500 newest reviews of "
        "each country, so older ones do not come.",
    ),
    gather=patient(_gather),
    every=timedelta(hours=1),
)
