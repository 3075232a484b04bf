import unicodedata

import pytest
from django.db import connection

from feedback.models import FeedbackItem
from feedback.search import containing, forget_words, has_index, looked_up, rebuild_index
from feedback.search_words import Term, read_search
from tests.factories import make_feedback, make_project

TEXTS = {
    "crash": "The app crashed when I opened the Café menu",
    "coffee": "Le CAFÉ est très bon, la crème brûlée aussi",
    "version": "Since 1.4.0 it doesn't start; e-mail me at a.b@example.com",
    "quote": 'They call it "instant checkout", I call it slow',
    "operators": "AND OR NOT NEAR(a b) col:value x* ^y {z} (open",
    "russian": "Новый экран не работает",
    "greek": "Η ΟΔΟΣ δεν φορτώνει",
    "turkish": "İSTANBUL haritası yok",
    "hindi": "ऐप हिन्दी में नमस्ते नहीं दिखाता",
    "korean": "한국어 앱 느려요",
    "japanese": "アプリがすぐ落ちる。チェックアウトが遅い",
    "chinese": "应用程序打不开，闪退",
    "thai": "แอปช้ามาก",
    "arabic": "التطبيق بطيء جدا",
    "emoji": "Love it 💥💥 five stars",
    "signs": "C++ build costs 5€ & 20%!",
    "long": "x" * 200 + " and more",
    "percent": "100% _under_score back\\slash",
    "german": "Die Straße ist zu; Øresund und Łódź auch",
    "combining": unicodedata.normalize("NFD", "résumé naïve façade"),
}
FINDS = [
    ("crashed", {"crash"}),
    ("CRASHED", {"crash"}),
    ("crash", {"crash"}),  # the beginning of a word, as the last one may be
    ("crash opened", set()),  # not so before the last
    ("opened crash", {"crash"}),
    ("menu app opened", {"crash"}),
    ("cafe", {"crash", "coffee"}),
    ("café", {"crash", "coffee"}),
    ("CAFÉ creme", {"coffee"}),
    ("brulee", {"coffee"}),
    ('"the app"', {"crash"}),
    ('"app the"', set()),
    ('"the ap"', set()),  # in quotes it is whole
    ("“instant checkout”", {"quote"}),
    ("«instant checkout»", {"quote"}),
    ('"instant checkout', {"quote"}),  # never closed
    ("cafe -menu", {"coffee"}),
    ('cafe -"est tres"', {"crash"}),
    ("1.4.0", {"version"}),
    ("1.4", {"version"}),
    ("4.1", set()),
    ("doesn't", {"version"}),
    ("doesn’t", {"version"}),
    ("e-mail", {"version"}),
    ("a.b@example.com", {"version"}),
    ("AND", {"operators", "long"}),  # an operator elsewhere, a word here
    ("near(a b)", {"operators"}),
    ("col:value", {"operators"}),
    ("x*", {"operators"}),
    ("(open", {"operators", "crash"}),
    ("{z}", {"operators"}),
    ("НОВЫЙ", {"russian"}),
    ("экр", {"russian"}),
    ("οδοσ", {"greek"}),
    ("ΟΔΟΣ", {"greek"}),
    ("istanbul", {"turkish"}),
    ("हिन्दी", {"hindi"}),
    ("नमस्ते", {"hindi"}),
    ("한국", {"korean"}),
    ("落ちる", {"japanese"}),
    ("チェックアウト", {"japanese"}),
    ("闪退", {"chinese"}),
    ("ช้า", {"thai"}),
    ("بطيء", {"arabic"}),
    ("💥", {"emoji"}),
    ("love 💥", {"emoji"}),
    ("c++", {"signs"}),
    ("€", {"signs"}),
    ("++", {"signs"}),
    ("x" * 200, {"long"}),
    ("x" * 199, {"long"}),
    ("x" * 199 + " ", set()),  # followed by a space it is whole
    ("%", {"percent", "signs"}),
    ("under_score", {"percent"}),
    ("back\\slash", {"percent"}),
    ("straße", {"german"}),
    ("lodz", set()),  # a letter of its own, not an l with an accent
    ("łodz", {"german"}),
    ("resume naive", {"combining"}),
    ("façade", {"combining"}),
    ("unheard", set()),
]
ANYTHING = [
    '"', '""', "-", "--", '-"', '"-', "'", "\\", "''", "( ) & | ! <-> :*", "a & | b", "a:*b",
    "NEAR", "NOT", "-NOT", "AND AND",
    "\x00", "a\x00b", "\ud800", "%s %(x)s", ":", "*", "^", "+", "~",
    "\u200b", "́", "x" * 200, "-" + "x" * 199, '" " " "', "a " * 100, "½ ² ①", "<b>bold</b>",
    "1e5 0x1f -1.5 10x", "http://a.example/b?c=d&e", "/etc/passwd", "a--b", "🏳️‍🌈", "&amp;", "ﷺ",
]  # fmt: skip


class TestReadSearch:
    @pytest.mark.parametrize(
        ("typed", "terms"),
        [
            ("", []),
            ("slow app", [Term("slow"), Term("app", begins=True)]),
            ("slow app ", [Term("slow"), Term("app")]),
            ('"slow app"', [Term("slow app")]),
            ("-slow app.", [Term("slow", left_out=True), Term("app.")]),
            ("闪退", [Term("闪退", begins=True, as_it_stands=True)]),
            ("-💥 ", [Term("💥", left_out=True, as_it_stands=True)]),
        ],
    )
    def test_tells_words_phrases_and_what_is_left_out_apart(self, typed, terms):
        assert list(read_search(typed).terms) == terms

    def test_looks_at_so_many_terms_and_no_more(self):
        assert len(read_search("word " * 50).terms) == 10


@pytest.mark.django_db
class TestContaining:
    @pytest.fixture
    def texts(self, shop):
        for name, text in TEXTS.items():
            make_feedback(shop, text, id=name)
        # As an old row may have it: today's intake may join accents to their letters.
        FeedbackItem.objects.filter(external_id="combining").update(text=TEXTS["combining"])
        make_feedback(make_project("Elsewhere"), "another's crashed app: café 闪退", id="theirs")
        return shop

    @pytest.mark.parametrize(("typed", "found"), FINDS)
    def test_finds_the_same_on_every_database(self, texts, typed, found):
        for items in both_ways(texts, typed):
            assert set(items.values_list("external_id", flat=True)) == found

    @pytest.mark.parametrize("typed", ANYTHING)
    def test_takes_anything_that_can_be_typed(self, texts, typed):
        for items in both_ways(texts, typed):
            assert items.count() <= len(TEXTS)

    def test_leaves_out_what_is_not_to_occur_though_nothing_else_is_asked(self, texts):
        for items in both_ways(texts, "-cafe"):
            assert items.count() == len(TEXTS) - 2

    def test_finds_the_words_of_an_edit_and_no_longer_those_before(self, shop):
        make_feedback(shop, "It was slow", id="a")
        make_feedback(shop, "It is quick", id="a")

        assert found(shop, "slow") == set()
        assert found(shop, "quick") == {"a"}

    def test_keeps_up_with_writes_that_bypass_the_models(self, shop):
        make_feedback(shop, "It was slow", id="a")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE feedback_feedbackitem SET text = 'quick now'")

        assert found(shop, "slow") == set()
        assert found(shop, "quick") == {"a"}

    def test_finds_nothing_of_what_was_deleted(self, shop):
        make_feedback(shop, "It was slow", id="a").delete()
        make_feedback(shop, "It was quick", id="b")

        assert found(shop, "slow") == set()

    def test_has_its_index_after_all_migrations(self, db):
        assert has_index()

    def test_finds_the_same_in_an_index_made_anew(self, texts):
        rebuild_index()

        assert found(texts, "cafe -menu") == {"coffee"}


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its words in the row")
class TestTheIndexOfSqlite:
    def test_holds_no_word_of_a_deleted_text_once_it_was_told_to_forget(self, shop):
        make_feedback(shop, "something quick")
        make_feedback(shop, "Margarethe Mustermann").delete()

        forget_words()

        assert b"mustermann" not in self.dumped() and b"quick" in self.dumped()

    def test_agrees_with_the_texts(self, shop):
        for n in range(20):
            make_feedback(shop, f"text {n}", id=str(n % 7))
        shop.feedback.filter(external_id="3").delete()

        with connection.cursor() as cursor:  # raises if it does not
            cursor.execute(
                "INSERT INTO feedback_words(feedback_words, rank) VALUES ('integrity-check', 1)"
            )

    @pytest.mark.parametrize("typed", ["word ", "wor", '"two words"', "word -other", "-other "])
    def test_is_asked_once_and_not_for_each_text(self, shop, typed):
        for rows in both_ways(shop, typed):
            assert "feedback_words" in (plan := rows.explain())
            assert "CORRELATED" not in plan

    def test_is_mended_after_a_migration_took_its_triggers(self, shop):
        from feedback.search_index import keep_index

        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER feedback_words_added")
        make_feedback(shop, "unnoticed", id="a")

        keep_index(using="default")

        make_feedback(shop, "unnoticed too", id="b")
        assert found(shop, "unnoticed") == {"a", "b"}

    def dumped(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT block FROM feedback_words_data")
            return b"".join(bytes(block) for (block,) in cursor.fetchall())


def both_ways(project, typed):
    return (
        containing(FeedbackItem.objects.filter(project=project), typed),
        looked_up(FeedbackItem.objects.all(), typed, project.pk),
    )


def found(project, typed):
    rows = containing(FeedbackItem.objects.filter(project=project), typed)
    return set(rows.values_list("external_id", flat=True))
