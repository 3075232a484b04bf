import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from learning.attribution import METHODS

ROOT = Path(__file__).parents[2]
CASE = {
    "releases": [
        {"version": "1.0", "released_at": "2026-01-01", "notes": "First"},
        {"version": "1.1", "released_at": "2026-02-01T10:00:00Z", "notes": "New checkout"},
        {"version": "1.2", "released_at": "2026-03-01T10:00:00Z", "notes": None},
    ],
    "feedback": [
        {"id": "a", "text": "It hangs", "rating": 1, "created_at": "2026-02-20T08:00:00Z",
         "version": "1.0"},
        {"id": "b", "text": "Nice", "rating": 5, "created_at": "2026-02-20T09:00:00Z",
         "version": None},
        {"id": 3, "text": "Nice", "rating": None, "created_at": "2026-02-20", "version": None},
    ],
}  # fmt: skip


@pytest.fixture
def ask(tmp_path, capsys):
    """Return what the command answers to lines, and what it tells on standard error."""

    def ask(*lines, **options):
        source = tmp_path / "in.jsonl"
        source.write_text("\n".join(lines))
        out, err = io.StringIO(), io.StringIO()
        call_command("attribute", str(source), jsonl=True, stdout=out, stderr=err, **options)
        return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()

    return ask


class TestAttributeCommand:
    def test_answers_each_feedback_in_its_order(self, ask):
        answers, problems = ask(json.dumps(CASE))

        assert [answer["id"] for answer in answers] == ["a", "b", 3]
        assert problems == ""

    def test_shares_out_one(self, ask):
        for answer in ask(json.dumps(CASE))[0]:
            given = sum(one["probability"] for one in answer["candidates"])
            assert given + answer["none"] == pytest.approx(1, abs=1e-5)

    def test_gives_each_candidate_its_reasons(self, ask):
        best = ask(json.dumps(CASE))[0][0]["candidates"][0]

        assert best["version"] == "1.0"
        assert best["reasons"][0] == "The customer runs exactly this version, 1.0."

    def test_names_no_release_of_the_future(self, ask):
        answers, _ = ask(json.dumps(CASE))

        assert "1.2" not in {one["version"] for answer in answers for one in answer["candidates"]}

    def test_learns_from_versions_that_others_named_before(self, ask):
        many = [
            {"id": number, "text": "", "created_at": "2026-02-20T08:00:00Z", "version": "1.0"}
            for number in range(60)
        ]
        asked = {"id": "x", "text": "", "created_at": "2026-02-20T09:00:00Z", "version": None}
        line = json.dumps({**CASE, "feedback": [*many, asked]})

        assert ask(line)[0][-1]["candidates"][0]["version"] == "1.0"
        assert ask(line, cold=True)[0][-1]["candidates"][0]["version"] == "1.1"

    def test_tells_bad_lines_by_number_and_keeps_the_good_ones(self, ask):
        answers, problems = ask(
            json.dumps(CASE), "{nonsense", "[]", '{"releases": []}', json.dumps(CASE)
        )

        assert len(answers) == 6
        assert [line.split(":")[0] for line in problems.splitlines()] == [
            "Line 2",
            "Line 3",
            "Line 4",
        ]

    def test_tells_a_bad_feedback_or_release_by_number_and_keeps_the_others(self, ask):
        case = {
            "releases": [
                *CASE["releases"],
                {"version": "x"},
                {"version": "2", "released_at": "soon"},
            ],
            "feedback": [*CASE["feedback"], {"text": "no id"}, 7, {"id": 1, "created_at": 5}],
        }

        answers, problems = ask(json.dumps(case))

        assert [answer["id"] for answer in answers] == ["a", "b", 3, 1]
        assert answers[-1]["candidates"] == [] and "`created_at`" in answers[-1]["error"]
        assert "Line 1: releases 4 was left out: it has no `released_at`" in problems
        assert "Line 1: feedback 4 was left out: it has no `id`" in problems
        assert len(problems.splitlines()) == 5

    def test_answers_all_though_characters_are_broken(self, ask):
        half = {**CASE["feedback"][0], "id": "half \ud83d", "version": "1.0\ud83d"}
        line = json.dumps({**CASE, "feedback": [half, *CASE["feedback"]]})

        answers, problems = ask("\ufeff" + line)

        assert [answer["id"] for answer in answers] == ["half \ufffd", "a", "b", 3]
        assert problems == ""

    def test_reads_a_file_that_is_not_all_utf_8(self, tmp_path):
        latin = json.dumps(CASE).replace("hangs", "h\xe4ngt").encode("latin-1")
        (tmp_path / "in.jsonl").write_bytes(latin)
        out = io.StringIO()
        call_command("attribute", str(tmp_path / "in.jsonl"), jsonl=True, stdout=out)

        assert len(out.getvalue().splitlines()) == 3

    def test_leaves_out_what_was_rolled_back_long_before(self, ask):
        back = {**CASE["releases"][1], "rolled_back_at": "2026-02-03T10:00:00Z"}
        case = {**CASE, "releases": [CASE["releases"][0], back]}

        answer = ask(json.dumps(case))[0][1]

        assert [one["version"] for one in answer["candidates"]] == ["1.0"]

    @pytest.mark.parametrize("method", sorted(METHODS))
    def test_answers_by_older_methods_too(self, ask, method):
        answers, problems = ask(json.dumps(CASE), method=method)

        assert [answer["candidates"][0]["version"] for answer in answers] == ["1.0", "1.1", "1.1"]
        assert problems == ""

    def test_says_which_later_release_may_have_fixed_it(self, ask):
        case = {
            "releases": [*CASE["releases"], {"version": "1.3", "released_at": "2026-03-09",
                                             "notes": "Fixes the voucher field (bug 48151)"}],
            "feedback": [{"id": "a", "text": "The voucher field is broken, see bug 48151",
                          "created_at": "2026-02-20T08:00:00Z", "version": None}],
        }  # fmt: skip

        best = ask(json.dumps(case), fixes=True)[0][0]["fixes"][0]

        assert best["version"] == "1.3"
        assert "Both name 48151." in best["reasons"]

    def test_reads_standard_input_and_needs_no_database(self, tmp_path):
        environment = {"DATA_DIR": str(tmp_path), "PATH": "", "SECRET_KEY": "x",
                       "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}  # fmt: skip

        done = subprocess.run(
            [sys.executable, "manage.py", "attribute", "--jsonl"],
            input=json.dumps(CASE), capture_output=True, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 3


class TestReviewsInAStore:
    """Stars and releases that are known by their day alone: what a store hands out in stages."""

    def newest(self, ask, rating, released_at):
        releases = [
            {"version": f"1.{month}", "released_at": f"2026-0{month}-01{released_at}", "notes": ""}
            for month in (1, 2, 3)
        ]
        asked = {"id": 1, "text": "Nice", "rating": rating, "created_at": "2026-03-04T12:00:00Z"}
        answers, _ = ask(json.dumps({"releases": releases, "feedback": [asked]}))
        return next(
            one["probability"] for one in answers[0]["candidates"] if one["version"] == "1.3"
        )

    def test_come_to_the_newest_later(self, ask):
        assert self.newest(ask, 4, "") < self.newest(ask, None, "") - 0.05

    def test_do_not_where_the_moment_of_a_release_is_known(self, ask):
        hour = "T10:00:00Z"

        assert self.newest(ask, 4, hour) == self.newest(ask, None, hour)
