import io
import json
import sys

import pytest
from django.core.management import call_command

from tests.learning.test_phrases import BLANK, chatter


def whats_new(monkeypatch, *lines, **options):
    """What the command writes for these lines, and what it says of bad ones."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    out, err = io.StringIO(), io.StringIO()
    call_command("whats_new", jsonl=True, stdout=out, stderr=err, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def comparison(**facts):
    sides = {"before": chatter(300, seed=1), "after": chatter(190, seed=2) + BLANK * 2}
    return json.dumps({**sides, **facts})


class TestWhatsNew:
    def test_writes_the_risen_phrases_with_score_and_quotes(self, monkeypatch):
        [answer], _ = whats_new(monkeypatch, comparison())
        [risen] = answer["risen"]
        assert risen["phrase"] == "blank screen"
        assert risen["score"] > 3
        assert (risen["before"], risen["after"]) == (0, 10)
        assert all(quote in BLANK for quote in risen["quotes"])

    def test_writes_what_stopped_under_a_key_of_its_own(self, monkeypatch):
        line = comparison(before=chatter(270, seed=1) + BLANK * 6, after=chatter(300, seed=2))
        [answer], _ = whats_new(monkeypatch, line)
        assert answer["risen"] == []
        assert [one["phrase"] for one in answer["stopped"]] == ["blank screen"]

    def test_writes_one_line_for_each_line(self, monkeypatch):
        answers, _ = whats_new(monkeypatch, comparison(), comparison(after=chatter(9, seed=2)))
        assert len(answers) == 2
        assert answers[1]["risen"] == []

    def test_says_what_is_too_little(self, monkeypatch):
        [answer], _ = whats_new(monkeypatch, '{"before": ["a"], "after": []}')
        assert answer["note"] == "1 text before, 0 after: too few to tell."

    def test_answers_though_a_text_ends_within_a_character(self, monkeypatch):
        broken = [f"{text} \ud83d" for text in BLANK * 2]
        line = "\ufeff" + comparison(after=chatter(190, seed=2) + broken)
        answers, problems = whats_new(monkeypatch, line, '{"before": "\\ud83d"}')

        assert answers[0]["risen"][0]["quotes"][0].endswith("\ufffd")
        assert len(answers) == 2 and "Line 2" in problems

    def test_takes_texts_with_their_customer(self, monkeypatch):
        loud = [{"text": text, "customer": "c-1"} for text in BLANK * 2]
        [answer], _ = whats_new(monkeypatch, comparison(after=chatter(190, seed=2) + loud))
        assert answer["risen"] == []
        assert answer["after"] == 191

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("nonsense", "Expecting value"),
            ("[]", "not an object"),
            ('{"before": []}', "'after' is missing"),
            ('{"before": [], "after": "text"}', "after is not a list of texts"),
            ('{"before": [7], "after": []}', "before 1 is not a text"),
            ("[" * 5000, "is not a comparison"),
        ],
    )
    def test_names_a_bad_line_and_goes_on(self, monkeypatch, line, reason):
        answers, problems = whats_new(monkeypatch, line, comparison())
        assert "Line 1" in problems
        assert reason in problems
        assert list(answers[0]) == ["error"]
        assert answers[1]["risen"]

    def test_skips_empty_lines(self, monkeypatch):
        assert whats_new(monkeypatch, "", "  ") == ([], "")
