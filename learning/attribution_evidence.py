"""The evidence for one ship in one feedback: each piece with its weight and its sentence. Pure."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from common.versions import IN_TEXT, Match, compare

# Weights are natural logarithms of how many times likelier each makes it that it was this ship.
SAME_VERSION = math.log(20_000)
SAME_LINE = math.log(30)
OTHER_VERSION = -math.log(300)
OTHER_ENVIRONMENT = -math.log(50)
VERSION_IN_TEXT = math.log(40)
NAMED = math.log(400)  # a pull request, a commit, or this feedback named by the ship
SAME_AREA = math.log(8)
OTHER_AREA = -math.log(2)
SAME_PATH = math.log(3)
MOST_FOR_WORDS = math.log(15)
FEW_WORDS = 2
TELLING_WORDS = math.log(1.5)  # fewer or commoner words than this are shared by chance

_COMMIT = re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b")
_NUMBER = re.compile(r"(?:(?<![\w&/])[#!]|\b(?:pr|pull request|merge request|mr)\s*#?)(\d{1,7})\b")
_IN_URL = re.compile(r"/(?:pull|pulls|merge_requests|issues|commit)/([0-9a-f]{1,40})\b")
_WORD = re.compile(r"[^\W\d_]{3,}")
# Words that say nothing of what a text is about, and parts of paths that every project has.
_EMPTY_WORDS_TEXT = """
about above after again against all also and any anymore app application are back because been
before being best better both but came can cannot come could did does doing don down each even ever
every few fix fixed fixes for from get gets getting give good got great had has have having her
here him his how http https into isn its just know last less let like made make many may merge more
most much must need never new nice not now off old one only other our out over own please pull
really request same see she should since some still such than thank thanks that the their them then
there these they thing things this those time too try under until update updated use used user
using version very want was way well were what when where which while who why will with without won
work working works would yes yet you your
"""
_EMPTY_WORDS = frozenset(_EMPTY_WORDS_TEXT.split())
_EMPTY_PARTS_TEXT = """
app apps asset assets com common config core css doc docs html http https index init jpg js json
lib main md migrations models net org page pages php png public py src static svg template
templates test tests ts tsx utils views web www xml yaml yml
"""
_EMPTY_PARTS = frozenset(_EMPTY_PARTS_TEXT.split())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ship that a feedback may be about. `text` is all that it says of itself."""

    key: int
    version: str
    sha: str
    shipped_at: datetime
    environment: str
    text: str
    areas: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()  # numbers of pull requests, and commits
    fixes: tuple[str, ...] = ()  # ids of feedback
    train: str = ""  # the service that ships on its own; versions are only compared within one
    day_only: bool = False  # `shipped_at` tells the day and no more, as its first moment
    gone_at: datetime | None = None  # when it was rolled back

    def __hash__(self) -> int:
        return hash(self.key)  # alone: many are hashed for each feedback


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a customer said. What is not known is empty."""

    key: int
    external_id: str
    text: str
    version: str
    environment: str
    area: str
    url: str
    said_at: datetime
    ran_before: str = ""  # the version that the same customer ran when they last wrote
    in_store: bool = False  # ... of apps, which hands out what its maker has long released


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece: the logarithm of how many times likelier it makes this ship, and a sentence.

    `on_topic` says that it comes from what was said, and not just from when or on which version.
    """

    weight: float
    reason: str
    on_topic: bool = False


def weigh(said: Said, ship: Candidate, rarity: dict[str, float]) -> list[Evidence]:
    """Return all evidence for and against `ship` but time; `rarity` weighs words from 0 to 1."""
    return [piece for _, piece in weigh_by_kind(said, ship, rarity)]


def weigh_by_kind(
    said: Said, ship: Candidate, rarity: dict[str, float]
) -> Iterator[tuple[str, Evidence]]:
    """Yield what `weigh` returns, each with its kind: version, environment, name, place, words."""
    yield from (("version", piece) for piece in _by_version(said, ship))
    yield from (("environment", piece) for piece in _by_environment(said, ship))
    yield from (("name", piece) for piece in _by_name(said, ship))
    yield from (("place", piece) for piece in _by_place(said, ship))
    yield from (("words", piece) for piece in _by_words(said, ship, rarity))


def rarities(ships: Sequence[Candidate]) -> dict[str, float]:
    """Return how telling each word of the ships is: 1 if one ship has it, near 0 if all do."""
    counts: dict[str, int] = {}
    for ship in ships:
        for word in words(ship.text):
            counts[word] = counts.get(word, 0) + 1
    most = math.log(1 + len(ships))
    return {word: math.log((1 + len(ships)) / count) / most for word, count in counts.items()}


@lru_cache(maxsize=2048)
def words(text: str) -> frozenset[str]:
    """Return the telling words of a text, without their endings."""
    return frozenset(
        _stem(word) for word in _WORD.findall(text.casefold()) if word not in _EMPTY_WORDS
    )


def is_plain_english(text: str) -> bool:
    """Return whether a text has some of the words that every English text has."""
    return len(_EMPTY_WORDS.intersection(_WORD.findall(text.casefold()))) >= FEW_WORDS


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 4:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e")


def _by_version(said: Said, ship: Candidate) -> Iterator[Evidence]:
    match compare(said.version, ship.version, ship.sha):
        case Match.SAME:
            yield Evidence(SAME_VERSION, f"The customer runs exactly this version, {said.version}.")
        case Match.LINE:
            reason = f"The customer runs {said.version}, and this was a release of that line."
            yield Evidence(SAME_LINE, reason)
        case Match.OTHER:
            yield Evidence(OTHER_VERSION, f"The customer runs another version, {said.version}.")
    if not said.version and any(
        compare(named, ship.version) == Match.SAME for named in _named(said.text).versions
    ):
        yield Evidence(VERSION_IN_TEXT, f"Names this version, {ship.version}.")


def _by_environment(said: Said, ship: Candidate) -> Iterator[Evidence]:
    theirs, ours = said.environment.casefold().strip(), ship.environment.casefold().strip()
    if theirs and ours and theirs != ours:
        reason = f"It was said of {said.environment}, and this ship went to {ship.environment}."
        yield Evidence(OTHER_ENVIRONMENT, reason)


def _by_name(said: Said, ship: Candidate) -> Iterator[Evidence]:
    named = _named(said.text)
    if said.external_id and said.external_id in ship.fixes:
        yield Evidence(NAMED, "The ship names this feedback as one that it answers.", True)
    refs = [ref.casefold().lstrip("#!") for ref in (*ship.refs, ship.sha) if ref]
    for number in named.numbers:
        if number in refs:
            yield Evidence(NAMED, f"Names #{number}, which went out in it.", True)
            return
    for commit in named.commits:
        if any(len(ref) >= 7 and (ref.startswith(commit)) for ref in refs):
            yield Evidence(NAMED, f"Names the commit {commit[:10]}, which went out in it.", True)
            return


def _by_place(said: Said, ship: Candidate) -> Iterator[Evidence]:
    area = said.area.casefold().strip()
    parts = _parts(area)
    places = _parts(" ".join(ship.paths)) | _parts(" ".join(ship.areas))
    if area and area in {one.casefold().strip() for one in ship.areas}:
        yield Evidence(SAME_AREA, f"Both are about {said.area}.", True)
        places -= parts  # one fact counts once
    elif area and ship.areas and not parts & places:
        areas = ", ".join(ship.areas[:3])
        yield Evidence(OTHER_AREA, f"It is about {said.area}, and the ship about {areas}.")
    try:
        page = unquote(urlsplit(said.url).path)
    except ValueError:  # not an address at all: customers' text can be anything
        page = ""
    shared = sorted((_parts(page) | parts) & places)
    if shared:
        weight = min(len(shared), 2) * SAME_PATH
        yield Evidence(weight, f"The ship changed the same part: {', '.join(shared[:3])}.", True)


def _by_words(said: Said, ship: Candidate, rarity: dict[str, float]) -> Iterator[Evidence]:
    shared = sorted(words(said.text) & words(ship.text), key=lambda word: (-rarity[word], word))
    if not shared:
        return
    # Long texts share words with anything, and one word alone is often chance.
    shares = sum(rarity[word] for word in shared) / max(
        1.0, len(words(ship.text)) / 30, len(words(said.text)) / 12
    )
    weight = min(MOST_FOR_WORDS, shares**2 / (shares + 2))
    words_shared = ", ".join(_as_said(said.text, shared[:4]))
    yield Evidence(weight, f"Shares the words: {words_shared}.", weight >= TELLING_WORDS)


def _as_said(text: str, stems: Sequence[str]) -> list[str]:
    """Return stems as the customer wrote them."""
    return [_spellings(text)[stem] for stem in stems]


@lru_cache(maxsize=256)
def _spellings(text: str) -> dict[str, str]:
    return {_stem(word): word for word in reversed(_WORD.findall(text.casefold()))}


@lru_cache(maxsize=2048)
def _parts(place: str) -> frozenset[str]:
    """Return the telling parts of paths, areas or an address's path."""
    return frozenset(_WORD.findall(place.casefold().replace("_", " "))) - _EMPTY_PARTS


@dataclass(frozen=True, slots=True)
class _Named:
    """What a text names: pull requests, commits, versions."""

    numbers: tuple[str, ...]
    commits: tuple[str, ...]
    versions: tuple[str, ...]


@lru_cache(maxsize=2048)
def _named(text: str) -> _Named:
    text = text.casefold()
    in_urls = (one for one in _IN_URL.findall(text) if one.isdigit())
    numbers, commits = (*_NUMBER.findall(text), *in_urls), _COMMIT.findall(text)
    return _Named(numbers, tuple(commits), tuple(IN_TEXT.findall(text)))
