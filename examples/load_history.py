"""Loads what you shipped, and what your reviews say day by day, into Wake. Needs only Python.

    export WAKE_URL=http://localhost:8000 WAKE_KEY=...
    python load_history.py ships releases.csv
    python load_history.py days reviews.jsonl.gz

Files are CSV with a header, or JSON lines; either may end in .gz. Times without an offset are read
in --timezone. Running it again is harmless: Wake knows each ship and each day already.
docs/walkthrough.md shows it at work.
"""

import argparse
import csv
import gzip
import json
import os
import sys
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

BATCH = 1_000
UNHAPPY = 2  # a rating up to this many stars counts as unhappy
METRICS = (
    {"key": "reviews", "name": "Reviews a day", "kind": "count", "good_direction": "neither"},
    {"key": "mean_rating", "name": "Mean rating", "unit": "stars", "kind": "gauge"},
    {
        "key": "unhappy_share",
        "name": "Share of 1 and 2 star reviews",
        "kind": "ratio",
        "good_direction": "down",
    },
)


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a CSV or JSON-lines file, plain or gzipped."""
    open_it = gzip.open if path.suffix == ".gz" else open
    with open_it(path, "rt", encoding="utf-8", newline="") as lines:
        if ".csv" in path.suffixes:
            yield from csv.DictReader(lines)
        else:
            yield from (json.loads(line) for line in lines if line.strip())


def moment_of(value: str, zone: ZoneInfo) -> datetime:
    """Return the time that a row states; one without an offset is read in `zone`."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


class Wake:
    """The API of one Wake, with one key."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/"), key

    def post(self, path: str, body: Any) -> Any:
        """Return the answer to `body`; ends the program with Wake's own words if it is refused."""
        request = urllib.request.Request(  # noqa: S310  the person who runs this chose the address
            f"{self.url}/api/v1/{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            sys.exit(f"{path} answered {refused.code}: {refused.read().decode()[:1000]}")
        except urllib.error.URLError as reason:
            sys.exit(f"{self.url} cannot be reached: {reason.reason}")


def load_ships(wake: Wake, args: argparse.Namespace, zone: ZoneInfo) -> dict[str, int]:
    """Post each row as a deployment, oldest first; return how many were new."""
    rows = sorted(rows_of(args.file), key=lambda row: str(row[args.time]))
    created = 0
    for row in rows:
        answer = wake.post(
            "deployments/",
            {
                "version": row[args.version],
                "finished_at": moment_of(row[args.time], zone).isoformat(),
                "notes": row.get(args.notes) or "",
                "service": args.service,
            },
        )
        created += answer["created"]
    return {"ships": len(rows), "created": created}


def load_days(wake: Wake, args: argparse.Namespace, zone: ZoneInfo) -> dict[str, int]:
    """Count the reviews of each day and post three metrics; return what became of the samples."""
    ratings: dict[date, list[float]] = defaultdict(list)
    for row in rows_of(args.file):
        if row.get(args.rating) not in (None, ""):
            day = moment_of(row[args.time], zone).astimezone(UTC).date()
            ratings[day].append(float(row[args.rating]))
    for metric in METRICS:
        wake.post("metrics/", {**metric, "resolution": "1d"})
    samples = list(samples_of(ratings))
    done = {"created": 0, "updated": 0, "unchanged": 0, "refused": 0}
    for start in range(0, len(samples), BATCH):
        report = wake.post("metrics/samples/", {"samples": samples[start : start + BATCH]})
        for name in done:
            done[name] += report[name]
    return {"days": len(ratings), "samples": len(samples), **done}


def samples_of(ratings: dict[date, list[float]]) -> Iterator[dict[str, Any]]:
    """Yield the samples of every day from the first to the last; a silent day has no rating."""
    day, last = min(ratings), max(ratings)
    while day <= last:
        given = ratings.get(day, [])
        at = f"{day}T00:00:00Z"
        yield {"metric": "reviews", "at": at, "value": len(given)}
        if given:
            unhappy = sum(rating <= UNHAPPY for rating in given)
            yield {"metric": "mean_rating", "at": at, "value": sum(given) / len(given)}
            yield {
                "metric": "unhappy_share", "at": at,
                "numerator": unhappy, "denominator": len(given),
            }  # fmt: skip
        day += timedelta(days=1)


def arguments() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("what", choices=["ships", "days"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", default=os.environ.get("WAKE_URL", "http://localhost:8000"))
    parser.add_argument("--key", default=os.environ.get("WAKE_KEY", ""))
    parser.add_argument("--timezone", default="UTC", help="of times without an offset")
    parser.add_argument("--time", help="column of the time (released_at or created_at)")
    parser.add_argument("--version", default="version", help="column of the version")
    parser.add_argument("--notes", default="notes", help="column of the release notes")
    parser.add_argument("--rating", default="rating", help="column of the rating, 1 to 5")
    parser.add_argument("--service", default="", help="the service that all these ships are of")
    args = parser.parse_args()
    if not args.key:
        parser.error("give an API key: --key, or WAKE_KEY in the environment")
    args.time = args.time or ("released_at" if args.what == "ships" else "created_at")
    return args


def main() -> None:
    """Load one file and print what became of it, as JSON."""
    args = arguments()
    load = load_ships if args.what == "ships" else load_days
    print(json.dumps(load(Wake(args.url, args.key), args, ZoneInfo(args.timezone))))  # noqa: T201


if __name__ == "__main__":
    main()
