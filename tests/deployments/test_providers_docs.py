"""The docs on providers are written from the registry and from what the tests saw.

`WAKE_WRITE_DOCS=1 pytest tests/deployments/test_providers_docs.py` writes them anew.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from common.bodies import read_body
from deployments.models import Delivery, Webhook
from deployments.providers.base import Options, Told
from deployments.providers.registry import PROVIDERS
from deployments.reading import identify, read_delivery
from tests.deployments.real_data import all_real_payloads
from tests.deployments.samples import SAMPLES
from tests.deployments.senders import send
from tests.factories import NOW

DOCS = Path(__file__).resolve().parents[2] / "docs"
URL = "https://wake.example.com/hooks/{}/KEY/"
HERE = "https://wake.example.com"
# Whose payloads come in by which door; whoever has none of their own uses the generic one.
DOORS = {"cdevents-schemas": "cdevents"}
WORDS = {"recorded": "ship", "ignored": "ignored", "unreadable": "kept for replay"}


def compare(name: str, begins: str, ends: str, text: str) -> None:
    """Hold a part of a page against `text`; write it if that was asked for."""
    page = DOCS / name
    before, _, rest = page.read_text().partition(begins)
    _, _, after = rest.partition(ends)
    whole = f"{before}{begins}\n{text}\n{ends}{after}"
    if os.environ.get("WAKE_WRITE_DOCS"):
        page.write_text(whole)
    assert page.read_text() == whole, "Run this with WAKE_WRITE_DOCS=1, and look at the change."


def set_up(name: str) -> str:
    one = PROVIDERS[name]
    url = URL.format(name)
    steps = "\n".join(
        f"{number}. {step.replace('{url}', url)}" for number, step in enumerate(one.setup, 1)
    )
    proof = "; ".join(f"`{scheme.header}`: {scheme.explained}" for scheme in one.schemes)
    choices = {"branch": "the branch", "names": f"the {one.names_are}",
               "environment": "the environment"}  # fmt: skip
    chosen = ", ".join(choices[choice] for choice in one.choices)
    example = one.example.replace("{url}", url).strip()
    copy = f"\n\n```text\n{example}\n```" if example else ""
    return (
        f"## {one.label}\n\n{steps}{copy}\n\n"
        f"Proof of the sender: {proof}.\nTo choose in the settings: {chosen}.\n"
    )


def told_row(sample) -> tuple[str, str, str, str]:
    options = {k: tuple(v) if k == "names" else v for k, v in sample.options.items()}
    told = Told(
        event=next(iter(sample.headers.values()), sample.event)
        if sample.provider in ("github", "gitlab", "bitbucket", "netlify")
        else sample.event,
        body=sample.body,
        headers={name.lower(): value for name, value in sample.headers.items()},
        now=NOW,
        options=Options(**options),
        path=sample.path,
    )
    reading = read_delivery(sample.provider, told)
    label = PROVIDERS[sample.provider].label
    return label, sample.event, WORDS[sample.outcome], of(reading)


def of(reading) -> str:
    """Say what a reading came to, in a word or two."""
    reasons = " ".join([*reading.unreadable, *reading.ignored])
    states = ", ".join(dict.fromkeys(ship.status.replace("_", " ") for ship in reading.ships))
    text = reasons if reading.unreadable or not reading.ships else states
    return text.replace("|", "\\|").replace("\n", " ")


def table(rows, heads) -> str:
    head = f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n"
    return "\n" + head + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


class TestTheDocs:
    def test_say_how_to_set_up_each_provider(self):
        compare(
            "providers.md",
            "<!-- providers: written by tests/deployments/test_providers_docs.py -->",
            "<!-- end of providers -->",
            "\n" + "\n".join(set_up(name) for name in PROVIDERS),
        )

    def test_say_what_becomes_of_each_documented_event(self):
        compare(
            "providers-table.md",
            "<!-- documented: written by tests/deployments/test_providers_docs.py -->",
            "<!-- end of documented -->",
            table(
                dict.fromkeys(map(told_row, SAMPLES)),
                ("provider", "event", "outcome", "status, or why not"),
            ),
        )

    def test_say_what_becomes_of_real_payloads(self):
        rows = Counter(real_row(one) for one in all_real_payloads())

        compare(
            "providers-table.md",
            "<!-- real: written by tests/deployments/test_providers_docs.py -->",
            "<!-- end of real -->",
            table(
                [(*row[:3], str(count), row[3]) for row, count in rows.items()],
                ("sent by", "event", "door and outcome", "payloads", "status, or why not"),
            ),
        )


def door_of(one) -> str:
    name = DOORS.get(one["provider"], one["provider"])
    return name if name in PROVIDERS else "generic"


def headers_of(one) -> dict[str, str]:
    """Return the headers that came with a payload, or those that its vendor would have sent."""
    headers = {k.lower(): v for k, v in (one["headers"] or {}).items()}
    named = {"github": "x-github-event", "gitlab": "x-gitlab-event", "netlify": "x-netlify-event"}
    if one["provider"] in named:
        headers.setdefault(named[one["provider"]], one["event"])
    return {k: v for k, v in headers.items() if k not in ("content-length", "accept-encoding")}


def real_row(one) -> tuple[str, str, str, str]:
    door, headers, body = door_of(one), headers_of(one), one["body_raw"].encode()
    event, _ = identify(PROVIDERS[door], headers, body)
    told = Told(event, read_body(body, headers), headers, NOW.replace(year=2030))
    reading = read_delivery(door, told)
    outcome = "unreadable" if reading.unreadable else "recorded" if reading.ships else "ignored"
    return one["provider"], one["event"], f"{door}: {WORDS[outcome]}", of(reading)


@pytest.mark.django_db
class TestEveryRealPayload:
    def test_is_recorded_ignored_with_a_reason_or_kept_with_a_reason(self, shop):
        hooks = {name: Webhook.objects.create(project=shop, provider=name) for name in PROVIDERS}
        payloads = all_real_payloads()
        for number, one in enumerate(payloads):
            headers = {
                k: v
                for k, v in headers_of(one).items()
                if not k.startswith("x-hub-signature") and k not in ("x-gitlab-token", "host")
            }
            headers.pop("content-type", None)
            headers.pop("x-github-delivery", None)
            headers["x-request-id"] = f"real-{number}"
            answer = send(hooks[door_of(one)], one["body_raw"].encode(), **{**headers})
            assert answer.status_code in (201, 202), (one["provider"], one["event"])

        kept = Delivery.objects.all()
        assert kept.count() == len(payloads)
        assert not kept.exclude(outcome="recorded").filter(reason="").exists()
        assert not kept.filter(outcome="received").exists()
        assert not kept.filter(reason__contains="Wake failed").exists()
