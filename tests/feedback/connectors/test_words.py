import time
from datetime import timedelta

import pytest

from feedback.connectors.html import html_to_text
from feedback.connectors.paging import Climb, Descent
from feedback.connectors.words import MAX_TEXT, is_bot, markdown, person, said, version_of
from feedback.rows import MAX_TEXT as TAKEN
from tests.feedback.connectors.vendor import NOW

DAY = timedelta(days=1)


class TestHtmlToText:
    @pytest.mark.parametrize(
        ("html", "text"),
        [
            ("<p>Hello <b>there</b>,<br>it  broke\n again</p>", "Hello there,\nit broke again"),
            ("<p>one</p><p>two</p>", "one\n\ntwo"),
            ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
            ("<pre>a\n  b</pre>", "a\nb"),
            ("1 &lt; 2 &amp;&amp; 3 &#128512;", "1 < 2 && 3 😀"),
            ('it works <img class="emoji" alt=":tada:" src="x">', "it works :tada:"),
            ("<style>p{}</style>seen<script>if (a<b) x()</script>", "seen"),
            ('<aside class="quote"><p>theirs</p></aside><p>mine</p>', "mine"),
            ("<p>مرحبا <b>بالعالم</b></p>", "مرحبا بالعالم"),
            ("<!-- hidden -->shown<!-- open", "shown"),
            ("5 < 6", "5 < 6"),
            ("", ""),
            (None, ""),
        ],
    )
    def test_keeps_the_words_and_where_lines_end(self, html, text):
        assert html_to_text(html, without=("quote",)) == text

    @pytest.mark.parametrize(
        "piece", ["<div>", "<b>", "<!", "<!--", "<a ", "<", "</", "&", "<script>", "<a title='"]
    )
    def test_reads_the_oddest_text_in_no_time(self, piece):
        start = time.monotonic()

        html_to_text(piece * (400_000 // len(piece)))

        assert time.monotonic() - start < 10


class TestSaid:
    def test_joins_title_and_body(self):
        assert said("It broke", "When I pay.") == "It broke\n\nWhen I pay."

    def test_says_nothing_twice(self):
        assert said("It broke when I…", "It broke when I pay.") == "It broke when I pay."

    def test_cuts_what_intake_would_refuse(self):
        assert len(said("x" * 100_000)) == MAX_TEXT == TAKEN

    def test_holds_nothing_that_a_database_cannot(self):
        assert said("a\x00b \ud83d c") == "a\ufffdb \ufffd c"

    def test_leaves_out_the_comments_of_a_template(self):
        assert markdown("<!-- Say what you did -->\r\nI paid.  \n") == "I paid."


class TestVersionOf:
    @pytest.mark.parametrize(
        ("labels", "text", "version"),
        [
            (["bug", "v1.4"], "", "v1.4"),
            (["version: 1.4.0-rc1"], "", "1.4.0-rc1"),
            (["affects/2.3"], "", "2.3"),
            (["python 3.11", "v2"], "", ""),
            ([], "### App version\n\n1.2.3 (docker)\n\n### What\n\n9.9.9", "1.2.3"),
            ([], "### What version are you using?\r\n\r\nv2.0.1\r\n", "v2.0.1"),
            ([], "### Python version\n\n3.11.2", ""),
            ([], "### Version\n\nthe newest", ""),
            ([], "I use 1.2.3", ""),
            ([None, {}], None, ""),
        ],
    )
    def test_finds_what_labels_and_forms_name(self, labels, text, version):
        assert version_of(labels, text) == version


class TestPerson:
    def test_is_known_by_id_with_what_else_is_told(self):
        ada = {"id": "x:1", "name": "Ada", "email": "ada@example.com"}

        assert person("x:1", "Ada", "ada@example.com") == ada

    @pytest.mark.parametrize("mail", ["[REDACTED]", None, "a b@example.com", "@" * 300])
    def test_has_no_address_that_is_none(self, mail):
        assert person("x:1", "", mail) == {"id": "x:1"}

    def test_is_nobody_with_a_name_alone(self):
        assert person("", "John") is None

    @pytest.mark.parametrize("name", ["dependabot[bot]", "project_12_bot_ab12", "release-bot"])
    def test_is_not_a_program(self, name):
        assert is_bot(name)
        assert not is_bot("abbot")


class TestClimb:
    def test_goes_on_from_the_last_change(self):
        way = Climb(NOW).after([NOW + DAY, NOW + 2 * DAY], is_full=True)

        assert way == Climb(NOW + 2 * DAY)

    def test_counts_pages_within_one_second(self):
        assert Climb(NOW).after([NOW, NOW], is_full=True) == Climb(NOW, 2)
        assert Climb(NOW, 2).after([NOW], is_full=False) == Climb(NOW)

    def test_survives_a_cursor_that_is_odd(self):
        assert Climb.resumed({"since": "soon", "page": -3}, NOW, NOW) == Climb(NOW)
        assert Climb.resumed("odd", NOW, NOW) == Climb(NOW)


class TestDescent:
    def test_goes_down_to_the_floor_and_rises_with_what_it_saw_first(self):
        way = Descent(NOW).after([NOW + 5 * DAY, NOW + 4 * DAY], "p2")
        assert way == Descent(NOW, NOW + 5 * DAY, "p2")

        way = way.after([NOW + DAY, NOW - DAY], "p3", overlap=DAY)

        assert way == Descent(NOW + 4 * DAY)
        assert way.is_over

    def test_ends_where_the_list_does(self):
        assert Descent(NOW).after([NOW + DAY], None) == Descent(NOW + DAY)

    def test_does_not_rise_when_the_end_is_not_sure(self):
        assert Descent(NOW, NOW + DAY, 2).after([], None, is_sure=False) == Descent(NOW)

    def test_is_kept_and_resumed_as_it_was(self):
        way = Descent(NOW, NOW + DAY, "p2")

        assert Descent.resumed(way.kept(), NOW - DAY, NOW + DAY) == way
