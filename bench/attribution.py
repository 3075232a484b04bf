"""How often Wake finds the ship that a customer ran, when their version is hidden from it.

Run by `make bench-attribution`. Reads the reviews and support questions in WAKE_SHARED_DATA
(default ../shared/data) in the order of time: nothing is learned from the future. "Cold": no
customer ever named a version. "Warm": others did, before, and Wake learned from those. Both are
scored on the later half: on the earlier ones, what is chosen was chosen (docs/methods.md).
"""

import argparse
import gzip
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from common.versions import Channel, place_in_order  # noqa: E402
from learning.attribution_adoption import NOTHING_SEEN, Seen  # noqa: E402
from learning.attribution_evidence import Candidate, Said  # noqa: E402
from learning.attribution_fixes import likely_fixes  # noqa: E402
from learning.attribution_series import Fleet, attribute_series  # noqa: E402
from learning.calibration import (  # noqa: E402
    Told,
    about_eighty,
    calibration_error,
    interval,
    reliability,
    share_right,
)

DATA = Path(os.environ.get("WAKE_SHARED_DATA", ROOT.parent / "shared" / "data"))
DESKTOP = ("firefox-desktop-2019-2020.support", "firefox-desktop-2021.support")
APPS = {
    "Firefox desktop": (DESKTOP, "firefox-desktop"),
    "Firefox Android": (("firefox-android.play",), "firefox-android"),
    "Greenlight": (("greenlight-android.play",), "greenlight-android.first-sighting"),
    "Netflix": (("netflix-android.play",), "netflix-android.first-sighting"),
    "Akudo": (("akudo-android.play",), "akudo-android.first-sighting"),
}
LEAST = 1e-3  # what a method is taken to have given a ship that it did not name at all
MOST = 60


@dataclass(frozen=True)
class App:
    """The ships of an app, and what customers said who named exactly one of them."""

    fleet: Fleet
    said: list[Said]  # without the version
    truth: dict[int, int]
    seen: Seen


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def moment(text: str) -> datetime:
    """Return a moment; one without a zone is taken for UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def fleet_of(releases: str) -> Fleet:
    """Return the ships in a file of releases, betas and long-term ones among them."""
    return Fleet(
        [
            Candidate(
                key, row["version"], "", moment(row["released_at"]), "", row["notes"] or "",
                refs=tuple(str(bug) for bug in row["extra"].get("bugs", ())),
                day_only=len(row["released_at"]) <= 10,
            )
            for key, row in enumerate(lines(DATA / "releases" / f"{releases}.jsonl.gz"))
        ]
    )  # fmt: skip


def read_app(feedback: Sequence[str], releases: str) -> App:
    """Return the app, with the feedback whose version is known exactly."""
    fleet = fleet_of(releases)
    keys = {ship.version: ship.key for ship in fleet.ships}
    rows = [row for name in feedback for row in lines(DATA / "feedback" / f"{name}.jsonl.gz")]
    said = [
        Said(
            key, row["id"], row["text"], row["version"], "", "", "", moment(row["created_at"]),
            in_store=fleet.is_announced and row["rating"] is not None,
        )
        for key, row in enumerate(rows)
        if row["version"] in keys and row["extra"].get("version_precision", "exact") == "exact"
    ]  # fmt: skip
    truth = {one.key: keys[one.version] for one in said}
    hidden = [replace(one, version="") for one in said]
    return App(fleet, hidden, truth, fleet.seen(said))


def newest(ships: Sequence[Candidate]) -> Candidate | None:
    """Return what "the latest ship wins" names: betas and long-term releases are left out."""
    for ship in reversed(ships):
        order = place_in_order(ship.version)
        if order is None or order[0] == Channel.ALL:
            return ship
    return None


def nearest(one: Said, fleet: Fleet) -> Candidate:
    """Return the ship for all customers that is nearest in time, before or after."""
    ships = [ship for ship in fleet.ships if newest([ship])]
    return min(ships, key=lambda ship: abs(ship.shipped_at - one.said_at))


def log_loss_of_a_rule(told: Sequence[bool], among: Sequence[int]) -> float:
    """Return the log-loss of a rule that names one ship, at its very best.

    It is given the one probability that fits this very data best, how often it was right, and
    shares the rest out evenly among the other candidates.
    """
    right = min(max(sum(told) / len(told), LEAST), 1 - LEAST)
    losses = [
        -math.log(right) if hit else -math.log(max(LEAST, (1 - right) / max(1, count - 1)))
        for hit, count in zip(told, among, strict=True)
    ]
    return sum(losses) / len(losses)


def measure(name: str, most: int) -> list[dict[str, Any]]:
    """Return one row of figures a setting, for the app of that name."""
    app = read_app(*APPS[name])
    ordered = sorted(app.said, key=lambda one: (one.said_at, one.key))
    later = ordered[len(ordered) // 2 :]
    part = later[:: max(1, math.ceil(len(later) / most))]
    rows = []
    for setting, seen in (("cold", NOTHING_SEEN), ("warm", app.seen)):
        start = time.process_time()
        told, losses, last, near, among = [], [], [], [], []
        for one, shares in attribute_series(app.fleet, part, seen, most=MOST):
            best = next((share for share in shares if share.candidate is not None), None)
            right = app.truth[one.key]
            given = next((share.probability for share in shares if share.candidate == right), 0)
            hit = best is not None and best.candidate == right
            told.append(Told(best.probability, hit, best.candidate) if best else Told(0.0, hit))
            losses.append(-math.log(max(LEAST, given)))
            live = app.fleet.candidates_for(one)
            rule = newest(live)
            last.append(rule is not None and rule.key == right)
            near.append(nearest(one, app.fleet).key == right)
            among.append(len(live))
        rows.append(
            {
                "app": name, "setting": setting, "asked": len(part),
                "right": share_right(told), "loss": sum(losses) / len(losses),
                "last": sum(last) / len(last), "last_loss": log_loss_of_a_rule(last, among),
                "near": sum(near) / len(near), "near_loss": log_loss_of_a_rule(near, among),
                "told": told, "ms": 1000 * (time.process_time() - start) / len(part),
            }
        )  # fmt: skip
    return rows


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print the table of figures, and the calibration of each setting."""
    print(
        "| app | setting | asked | Wake: right, log-loss | latest ship | nearest in time | CPU ms |"
    )
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['app']} | {row['setting']} | {row['asked']} "
            f"| {row['right']:.1%}, {row['loss']:.3f} | {row['last']:.1%}, {row['last_loss']:.3f} "
            f"| {row['near']:.1%}, {row['near_loss']:.3f} | {row['ms']:.1f} |"
        )
    print("\nOf what was given a probability of ..., so much was right (and of how many):\n")
    print("| app | setting | " + " | ".join(f"{low}0s" for low in range(2, 10)) + " | error |")
    print("|---|---|" + "---|" * 9)
    for row in rows:
        bins = {round(one.low * 10): one for one in reliability(row["told"])}
        cells = [
            f"{bins[low].right:.0%} ({bins[low].count})" if low in bins else ""
            for low in range(2, 10)
        ]
        error = calibration_error(row["told"])
        print(f"| {row['app']} | {row['setting']} | {' | '.join(cells)} | {error:.3f} |")


def show_eighty(rows: Sequence[dict[str, Any]]) -> None:
    """Print what became of all guesses of 75 to 85 %."""
    print("\nOf what was given 75 to 85 %:\n")
    print("| app | setting | guesses | of ships | given | right | 95 %, ship by ship | off by |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        found = about_eighty(row["told"])
        if found is None:
            print(f"| {row['app']} | {row['setting']} | 0 | | | | | |")
            continue
        low, high = found.range
        print(
            f"| {row['app']} | {row['setting']} | {found.count} | {found.ships} "
            f"| {found.given:.1%} | {found.right:.1%} | {low:.0%} to {high:.0%} "
            f"| {100 * (found.right - found.given):+.1f} |"
        )


def show_fixes() -> None:
    """Print how often the release that fixed a bug is the first, or of the first three, named."""
    fleet = fleet_of("firefox-desktop")
    keys = {ship.version: ship.key for ship in fleet.ships}
    questions = {
        row["id"]: row for name in DESKTOP for row in lines(DATA / "feedback" / f"{name}.jsonl.gz")
    }
    fixed: dict[tuple[str, int], set[int]] = {}
    for row in lines(DATA / "labels" / "firefox-question-bug-release.jsonl.gz"):
        if row["lag_days"] > 0 and row["release_version"] in keys:
            fixed.setdefault((row["feedback_id"], row["bug"]), set()).add(
                keys[row["release_version"]]
            )
    ways = ("the next releases", "Wake, from the question", "Wake, with its answer")
    first, three = dict.fromkeys(ways, 0), dict.fromkeys(ways, 0)
    for (feedback, _), right in fixed.items():
        row = questions[feedback]
        one = Said(
            1, feedback, row["text"], row["version"] or "", "", "", "", moment(row["created_at"])
        )
        later = [ship for ship in fleet.ships if ship.shipped_at > one.said_at]
        named = {"the next releases": [ship.key for ship in later if newest([ship])]}
        for way, answer in (
            ("Wake, from the question", ""),
            ("Wake, with its answer", row["reply_text"] or ""),
        ):
            shares = likely_fixes(one, later, answer=answer)
            named[way] = [share.candidate for share in shares if share.candidate is not None]
        for way in ways:
            first[way] += bool(right & set(named[way][:1]))
            three[way] += bool(right & set(named[way][:3]))
    print(f"\nThe release that fixed it, of {len(fixed)} questions (95 %):\n")
    print("| | named first | among the first three |")
    print("|---|---|---|")
    for way in ways:
        print(f"| {way} | {_of(first[way], len(fixed))} | {_of(three[way], len(fixed))} |")


def _of(count: int, whole: int) -> str:
    low, high = interval(count / max(1, whole), whole)
    return f"{count} ({low:.0%} to {high:.0%})"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("apps", nargs="*", help=f"of {', '.join(APPS)}; all if none")
    parser.add_argument("--most", type=int, default=10_000, help="feedback asked of an app")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"REAL DATA MISSING: no {DATA}; set WAKE_SHARED_DATA.")
    rows = [row for name in options.apps or APPS for row in measure(name, options.most)]
    show(rows)
    show_eighty(rows)
    show_fixes()


if __name__ == "__main__":
    main()
