"""Any tool's JSON, read in Wake's own fields or by a mapping."""

import gzip
import json
import os
from pathlib import Path

import pytest

from common.errors import BadInput
from feedback.connectors.base import Heard, NotFeedback
from feedback.connectors.webhook import FIELDS, PRESETS, apply_mapping, mapping_of, read
from feedback.intake import read_feedback
from tests.factories import NOW

DATA = Path(os.environ.get("WAKE_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared/data"))


def heard(body, **options):
    return Heard("", body, {}, NOW, options)


class TestWithoutAMapping:
    def test_one_thing_said_is_read_in_wakes_own_fields(self):
        assert read(heard({"id": "1", "text": "Good"})) == [
            {"id": "1", "text": "Good", "source": "webhook"}
        ]

    @pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"feedback": rows}])
    def test_so_are_several(self, wrap):
        rows = read(heard(wrap([{"id": "1", "text": "a"}, {"id": "2", "text": "b"}])))

        assert [row["id"] for row in rows] == ["1", "2"]

    def test_they_carry_the_name_that_was_chosen(self):
        assert read(heard({"id": "1", "text": "a"}, source="survey"))[0]["source"] == "survey"

    @pytest.mark.parametrize("body", [None, 7, "text", True])
    def test_what_is_no_object_is_refused(self, body):
        with pytest.raises(BadInput):
            read(heard(body))


class TestAMapping:
    def test_reads_each_field_by_its_expression(self):
        mapping = {"id": "t.no", "text": "t.words", "customer_email": "t.by", "rating": "t.score"}
        body = {"t": {"no": 7, "words": "Good", "by": "a@example.com", "score": 4}}

        assert apply_mapping(mapping, body) == [
            {"id": 7, "text": "Good", "rating": 4, "customer": {"email": "a@example.com"}}
        ]

    def test_reads_several_out_of_a_list(self):
        body = {"answers": [{"t": "a"}, {"t": "b"}]}

        rows = apply_mapping({"items": "answers", "text": "t"}, body)

        assert [row["text"] for row in rows] == ["a", "b"]

    def test_makes_plain_text_of_html(self):
        row = apply_mapping({"text": "t"}, {"t": "<div>Too <b>slow</b></div><p>Really</p>"})[0]

        assert row["text"].split() == ["Too", "slow", "Really"]

    def test_leaves_text_alone_that_only_has_angles(self):
        assert apply_mapping({"text": "t"}, {"t": "a < b > c"})[0]["text"] == "a < b > c"

    def test_ignores_what_does_not_meet_the_condition(self):
        with pytest.raises(NotFeedback, match="kind == 'b'"):
            apply_mapping({"only_when": "kind == 'b'", "text": "t"}, {"kind": "a"})

    def test_ignores_an_empty_list(self):
        with pytest.raises(NotFeedback):
            apply_mapping({"items": "none", "text": "t"}, {})

    def test_says_which_field_fails(self):
        with pytest.raises(BadInput) as refused:
            apply_mapping({"text": "join(' ', t)"}, {"t": 7})

        assert refused.value.field == "text"

    def test_that_was_written_goes_before_a_preset(self):
        assert mapping_of({"mapping": {"text": "t"}, "preset": "jira"}) == {"text": "t"}


def samples(provider):
    path = DATA / "webhooks" / f"{provider}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"NOT TESTED: the real calls of {provider} are not at {path}.")
    with gzip.open(path, "rt") as lines:
        return {one["name"]: json.loads(one["body_raw"]) for one in map(json.loads, lines)}


@pytest.mark.parametrize("preset", PRESETS)
class TestAPreset:
    def test_uses_fields_that_there_are(self, preset):
        assert set(PRESETS[preset][1]) <= set(FIELDS)

    def test_reads_real_calls_and_ignores_the_rest(self, preset):
        taken = []
        for body in samples(preset).values():
            try:
                rows = read(heard(body, preset=preset, source=preset))
            except NotFeedback:
                continue
            taken += [read_feedback(row, now=NOW) for row in rows]

        assert len(taken) >= 2
        assert all(one.text and not one.external_id.startswith("new:") for one in taken)


class TestFreshdesk:
    def test_a_ticket_is_one_plain_text_with_its_customer(self):
        body = samples("freshdesk")["ticket_created"]

        [row] = read(heard(body, preset="freshdesk", source="freshdesk"))

        assert row["text"] == "Test ticket subject ☃\n\nTest ticket description ☃."
        assert row["customer"]["email"] == "requester-bob@example.com"
        assert (row["id"], row["source"]) == ("11", "freshdesk")
