"""The language of a text, where it can be told."""

import gzip
import json
import os
from pathlib import Path

import pytest
from django.conf import settings

from feedback.language import language_of

DATA = Path(os.environ.get("WAKE_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data")
SUPPORT = DATA / "feedback" / "firefox-desktop-2021.support.jsonl.gz"


class TestLanguageOf:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("The new checkout asks for my address twice", "en"),
            ("Seit dem Update stürzt die App beim Bezahlen ab", "de"),
            ("No puedo iniciar sesión desde ayer", "es"),
            ("アプリがすぐに落ちます", "ja"),
            ("Что с приложением?", "ru"),
        ],
    )
    def test_is_found(self, text, language):
        assert language_of(text) == language

    @pytest.mark.parametrize(
        "text", ["", "ok", "top app", "👍👍", "12345 67890", "https://a.example/b"]
    )
    def test_is_empty_where_it_cannot_be_told(self, text):
        assert language_of(text) == ""

    def test_is_right_for_nine_in_ten_questions_asked_in_eight_languages(self):
        if not SUPPORT.is_file():
            pytest.skip(f"The real data is missing: {SUPPORT}. Set WAKE_SHARED_DATA.")
        by_locale: dict[str, list[str]] = {}
        with gzip.open(SUPPORT, "rt") as lines:
            for row in map(json.loads, lines):
                by_locale.setdefault(row["extra"]["locale"].split("-")[0], []).append(row["text"])
        pairs = [
            (language_of(text), locale)
            for locale, texts in by_locale.items()
            if len(texts) >= 50
            for text in texts[:60]
        ]
        told = [found == locale for found, locale in pairs if found]

        assert len(told) > 0.9 * len(pairs)
        assert sum(told) > 0.87 * len(told)  # some ask in English wherever they are
