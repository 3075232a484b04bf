"""The search index: a generated tsvector with GIN on PostgreSQL, FTS5 kept by triggers on SQLite.

Django's models know of neither: each database keeps its own index right by itself, whoever writes.
"""

from django.db import migrations

from feedback.search_index import install_on_sqlite

# Word by word, so that no grammar of one language bends the words of another: small letters, the
# accents of Latin letters taken off, and everything that is neither letter nor digit a space.
# The letters are lowered by ICU's rules, if there are any: in a database with the locale C,
# lower() knows English alone. What separates words is listed, since classes like \w follow the
# database's locale, and a generated column must not.
FOLD = r"""
CREATE OR REPLACE FUNCTION wake_fold(said text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $fold$
SELECT CASE WHEN octet_length(said) = char_length(said)
THEN regexp_replace(lower(said COLLATE "C"), '[^a-z0-9]+', ' ', 'g')
ELSE regexp_replace(
    translate(normalize(regexp_replace(normalize(lower(said{collate}) COLLATE "C", NFD),
        '([a-z\u00df-\u024f])[\u0300-\u036f]+', '\1', 'g'), NFC), U&'\03C2', U&'\03C3'),
    '[\x01-\x2f\x3a-\x60\x7b-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7\u02c2-\u02c5\u02d2-\u02df'
    '\u037e\u0387\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05f3\u05f4\u060c\u061b\u061f'
    '\u066a-\u066d\u06d4\u0964\u0965\u2000-\u206f\u207a-\u207e\u208a-\u208e\u20a0-\u20cf'
    '\u2190-\u245f\u2500-\u2775\u2794-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d'
    '\ufd3e\ufd3f\ufe00-\ufe1f\ufe30-\ufe6f\ufeff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40'
    '\uff5b-\uff65\uffe0-\uffff\U0001f000-\U0001faff\U000e0000-\U000e0fff]+', ' ', 'g')
END
$fold$
"""
WORDS = """
CREATE OR REPLACE FUNCTION wake_words(said text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $words$
SELECT to_tsvector('pg_catalog.simple', {schema}.wake_fold(said))
$words$;
CREATE OR REPLACE FUNCTION wake_phrase(typed text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $phrase$
SELECT phraseto_tsquery('pg_catalog.simple', {schema}.wake_fold(typed))
$phrase$;
CREATE OR REPLACE FUNCTION wake_beginning(typed text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $beginning$
SELECT CASE WHEN btrim({schema}.wake_fold(typed)) = '' THEN ''::tsquery
ELSE to_tsquery('pg_catalog.simple',
    replace(btrim({schema}.wake_fold(typed)), ' ', ' <-> ') || ':*') END
$beginning$
"""


def install(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        install_on_sqlite(connection)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")
        collate = ' COLLATE "und-x-icu"' if cursor.fetchone() else ""
        cursor.execute("SELECT quote_ident(current_schema())")
        schema = cursor.fetchone()[0]
        cursor.execute(FOLD.replace("{collate}", collate))
        cursor.execute(WORDS.replace("{schema}", schema))
        cursor.execute(
            "ALTER TABLE feedback_feedbackitem ADD COLUMN words tsvector "
            "GENERATED ALWAYS AS (wake_words(text)) STORED"
        )
        cursor.execute("CREATE INDEX feedback_words ON feedback_feedbackitem USING gin (words)")


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("added", "removed", "changed"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS feedback_words_{name}")
        schema_editor.execute("DROP TABLE IF EXISTS feedback_words")
        return
    schema_editor.execute("ALTER TABLE feedback_feedbackitem DROP COLUMN IF EXISTS words")
    for name in ("beginning", "phrase", "words", "fold"):
        schema_editor.execute(f"DROP FUNCTION IF EXISTS wake_{name}(text)")


class Migration(migrations.Migration):

    dependencies = [
        ('feedback', '0004_count_what_one_place_sends'),
    ]

    operations = [
        migrations.RunPython(install, remove, elidable=False),
    ]
