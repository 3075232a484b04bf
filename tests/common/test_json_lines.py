from common.json_lines import as_line, numbered


class TestNumbered:
    def test_leaves_out_empty_lines_and_the_mark_that_a_file_begins_with(self):
        assert list(numbered(["\ufeff{}\n", "\n", " \n", "[]"])) == [(1, "{}\n"), (4, "[]")]


class TestAsLine:
    def test_can_be_written_whatever_was_sent(self):
        assert as_line({"id": "é \ud83d"}).encode() == '{"id": "é \ufffd"}'.encode()

    def test_joins_the_halves_of_a_character(self):
        assert as_line({"id": "\ud83d\ude00"}) == '{"id": "😀"}'
