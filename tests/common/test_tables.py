import gzip
import io

import pytest

from common.tables import Table


def rows(body: str | bytes) -> list[dict]:
    raw = body.encode() if isinstance(body, str) else body
    return [row.values for row in Table(io.BytesIO(raw)).rows() if not row.error]


def errors(body: str | bytes) -> list[tuple[int, str]]:
    raw = body.encode() if isinstance(body, str) else body
    return [(row.line, str(row.error)) for row in Table(io.BytesIO(raw)).rows() if row.error]


GOOD = [{"text": "Good", "stars": "5"}, {"text": "Bäd, really", "stars": "1"}]


class TestCsv:
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_reads_any_usual_separator(self, mark):
        body = f'text{mark}stars\nGood{mark}5\n"Bäd, really"{mark}1\n'

        assert rows(body) == GOOD

    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
    )
    def test_reads_any_usual_encoding(self, encoding):
        body = 'text,stars\nGood,5\n"Bäd, really",1\n'

        assert rows(body.encode(encoding)) == GOOD

    def test_reads_a_file_that_changes_its_encoding_half_way(self):
        assert rows(b"text\nB\xc3\xa4d\nB\xe4d\n") == [{"text": "Bäd"}, {"text": "Bäd"}]

    def test_reads_what_excel_says_of_its_separator(self):
        assert rows("sep=;\r\ntext;stars\r\nGood;5\r\n") == GOOD[:1]

    def test_quotes_inside_a_text_are_kept(self):
        assert rows('text\nHe said "hi" to me\n"A ""quoted"" word"\n') == [
            {"text": 'He said "hi" to me'},
            {"text": 'A "quoted" word'},
        ]

    def test_commas_in_the_texts_do_not_decide_the_separator(self):
        assert rows("text;stars\nYes, no, maybe, so;5\n") == [
            {"text": "Yes, no, maybe, so", "stars": "5"}
        ]

    def test_a_row_with_too_many_cells_is_named_by_its_line(self):
        assert errors('text,stars\n"two\nlines",5\nYes, no,5\n')[0][0] == 4

    def test_a_quote_that_is_never_closed_does_not_fill_the_memory(self):
        body = 'text\nGood\n"never closed ' + "x" * 9_000_000

        assert "never closed" in errors(body)[0][1]

    def test_columns_of_one_name_are_told_apart(self):
        assert rows("text,text\nA,B\n") == [{"text": "A", "text 2": "B"}]


class TestJson:
    def test_reads_one_object_a_line(self):
        assert rows('{"text": "Good"}\n\n{"text": "Bäd"}') == [{"text": "Good"}, {"text": "Bäd"}]

    def test_reads_a_list(self):
        assert rows('[\n {"text": "Good"},\n {"text": "]"}\n]\n') == [
            {"text": "Good"},
            {"text": "]"},
        ]

    def test_reads_a_long_list(self):
        assert len(rows("[" + ",".join('{"text": "Good"}' for _ in range(20_000)) + "]")) == 20_000

    def test_names_the_line_that_is_no_json(self):
        assert errors('{"text": "Good"}\n{"text": \n{"text": "Good"}\n')[0][0] == 2

    def test_a_list_that_breaks_off_is_reported_after_its_rows(self):
        body = '[{"text": "Good"},\n{"text": '

        assert (len(rows(body)), errors(body)[0][0]) == (1, 2)

    def test_a_row_nested_too_deep_is_refused(self):
        body = '{"text": "Good"}\n{"text": ' + "[" * 100_000 + "]" * 100_000 + "}\n"

        assert "nested" in errors(body)[0][1]


class TestGzip:
    def test_reads_packed_files(self):
        assert rows(gzip.compress(b"text,stars\nGood,5\n")) == GOOD[:1]

    def test_says_how_far_it_is_in_bytes_of_the_packed_file(self):
        packed = gzip.compress(b"text\nGood\n")
        table = Table(io.BytesIO(packed))

        list(table.rows())

        assert table.bytes_done == table.bytes_total == len(packed)
