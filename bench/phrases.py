"""Measures what is said of customers' words on real reviews: false alarms, and what is found.

Run by `make bench-phrases`. Reads the reviews in WAKE_SHARED_DATA (default ../shared/data).
"""

import argparse
import gzip
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from learning.phrases import Text, whats_new  # noqa: E402

DATA = Path(os.environ.get("WAKE_SHARED_DATA", ROOT.parent / "shared" / "data")) / "feedback"
APPS = {
    "greenlight": "greenlight-android.play.jsonl.gz",
    "akudo": "akudo-android.play.jsonl.gz",
    "netflix": "netflix-android.play.jsonl.gz",
    "firefox": "firefox-android.play.jsonl.gz",
    "chrome-ios": "chrome-ios.appstore.jsonl.gz",
    "github-ios": "github-ios.appstore.jsonl.gz",
}
# Complaints of one app that another app's customers do not make: the words, and whose they are.
COMPLAINTS = (("otp", "akudo"), ("subtitles", "netflix"), ("black screen", "netflix"),
              ("bookmarks", "chrome-ios"), ("download", "netflix"))  # fmt: skip
SIZES = ((200, 60), (400, 400), (1000, 250), (2000, 1000))
SHARES = (0.01, 0.02, 0.05)


def texts_of(app: str) -> list[str]:
    """Return the app's texts, oldest first."""
    with gzip.open(DATA / APPS[app], "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in sorted(rows, key=lambda row: row["created_at"]) if row["text"]]


def as_texts(words: Sequence[str]) -> list[Text]:
    """Return words as texts of different customers."""
    return [Text(number, one) for number, one in enumerate(words)]


def splits(
    texts: Sequence[str], size: tuple[int, int], times: int, rng: random.Random
) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Give what was said before and after random moments, and what was said before that."""
    for _ in range(times):
        start = rng.randrange(len(texts) - sum(size) + 1)
        middle, end = start + size[0], start + sum(size)
        past = texts[max(0, start - 2000) : start]
        yield list(texts[start:middle]), list(texts[middle:end]), list(past)


def false_alarms(times: int) -> None:
    """Print how often anything is claimed: of texts dealt at random, and of random moments."""
    print("\n## Something claimed, % of splits (dealt at random: nothing is new)\n")
    print("| app | before + after | dealt: started | stopped | moments: started | stopped |")
    print("|---|---|---|---|---|---|")
    total, claimed = 0, 0
    for app in APPS:
        texts = texts_of(app)
        for size in SIZES:
            if sum(size) * 1.3 > len(texts):
                continue
            rng = random.Random(f"{app}{size}")
            counts = [0, 0, 0, 0]
            for before, after, past in splits(texts, size, times, rng):
                real = whats_new(as_texts(before), as_texts(after), as_texts(past))
                pool = before + after
                rng.shuffle(pool)
                dealt = whats_new(
                    as_texts(pool[: size[0]]), as_texts(pool[size[0] :]), as_texts(past)
                )
                found = (dealt.started, dealt.stopped, real.started, real.stopped)
                counts = [sum(pair) for pair in zip(counts, map(bool, found), strict=True)]
                total += 1
                claimed += bool(dealt.started or dealt.stopped)
            shares = " | ".join(f"{count / times:.0%}" for count in counts)
            print(f"| {app} | {size[0]} + {size[1]} | {shares} |", flush=True)
    print(f"\nDealt at random, anything claimed: {claimed} of {total} = {claimed / total:.1%}")


def power(times: int) -> None:
    """Print how often a complaint of another app is found among Greenlight's reviews."""
    base = texts_of("greenlight")
    print("\n## Complaint of another app put into part of the texts after: % found\n")
    print(
        "| before + after | " + " | ".join(f"{share:.0%}" for share in SHARES) + " | stopped 5% |"
    )
    print("|---|" + "---|" * (len(SHARES) + 1))
    pools = {
        word: [text for text in texts_of(app) if word in text.lower() and len(text) < 400]
        for word, app in COMPLAINTS
    }
    for size in SIZES:
        cells = []
        for share in (*SHARES, -SHARES[-1]):
            rng = random.Random(f"{size}{abs(share)}")
            tries = found = 0
            for before, after, past in splits(base, size, times, rng):
                for word, pool in pools.items():
                    tries += 1
                    found += is_found(word, pool, before, after, past, share, rng)
            cells.append(f"{found / tries:.0%}")
        print(f"| {size[0]} + {size[1]} | " + " | ".join(cells) + " |", flush=True)


def is_found(
    word: str, pool: list[str], before: list[str], after: list[str], past: list[str],
    share: float, rng: random.Random,
) -> bool:  # fmt: skip
    """Return True if the complaint is named once it stands in `share` of the texts after.

    A negative share puts it into the texts before: it stopped.
    """
    into, other = (after, before) if share > 0 else (before, after)
    count = max(1, round(abs(share) * len(into)))
    mixed = [*rng.sample(into, len(into) - count), *rng.choices(pool, k=count)]
    sides = (other, mixed) if share > 0 else (mixed, other)
    news = whats_new(as_texts(sides[0]), as_texts(sides[1]), as_texts(past))
    told = news.started if share > 0 else news.stopped
    said = [one.texts_after if share > 0 else one.texts_before for one in told]
    return any(_names(word, [mixed[int(str(key))] for key in keys]) for keys in said)


def _names(word: str, said: Sequence[str]) -> bool:
    """Return True if most of the texts that say a told phrase make the complaint."""
    return sum(word in text.lower() for text in said) > len(said) / 2


def speed() -> None:
    """Print how long 20,000 reviews take."""
    texts = [text for app in APPS for text in texts_of(app)][:20_000]
    began = time.process_time()
    whats_new(as_texts(texts[:10_000]), as_texts(texts[10_000:]))
    print(f"\n20,000 texts: {time.process_time() - began:.1f} s of one core")


def main() -> None:
    """Measure it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40, help="random splits for each row")
    times = parser.parse_args().times
    if not DATA.exists():
        sys.exit(f"No reviews in {DATA}: set WAKE_SHARED_DATA.")
    speed()
    false_alarms(times)
    power(max(2, times // 8))


if __name__ == "__main__":
    main()
