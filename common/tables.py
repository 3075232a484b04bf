"""Reading the files that people have: CSV in all its dialects, JSON lines and JSON lists, gzipped
or not, in any usual encoding. Row by row, so that a file of any size needs little memory.
"""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

from common.api import read_json
from common.errors import BadInput

SAMPLE = 64 * 1024
GZIP = b"\x1f\x8b"
CONTROLS = bytes({*range(32)} - {*b"\t\n\r\f"})  # no text has many of these
# Larger than any text that is taken, small enough that a quote that is never closed stays harmless.
MAX_FIELD = 4 * 1024 * 1024
DELIMITERS = ",;\t|"
csv.field_size_limit(MAX_FIELD)


class NotATable(ValueError):
    """A file that cannot be read at all; the text is one sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, the line it starts on (from 1), and what is wrong with it if it is no row."""

    line: int
    values: dict[str, Any]
    error: BadInput | None = None


def _one_by_one(error: UnicodeError) -> tuple[str, int]:
    # Bytes that are not UTF-8 are Windows' western letters nearly always; each is read alone, so
    # that a file of two encodings, which a few exports are, is read too.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


codecs.register_error("western", _one_by_one)


class Table:
    """A file of rows, read once from its start to its end."""

    def __init__(self, file: IO[bytes]) -> None:
        """Open the table in `file`, which must be seekable; raises NotATable."""
        self._file = file
        file.seek(0, io.SEEK_END)
        self.bytes_total = file.tell()
        file.seek(0)
        start = file.read(4)
        file.seek(0)
        if start.startswith(b"PK\x03\x04"):
            raise NotATable("This is a zip or Excel file: save the sheet as CSV and send that.")
        raw = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if start[:2] == GZIP else file
        try:
            sample = raw.read(SAMPLE)
            raw.seek(0)
        except (OSError, EOFError, zlib.error):
            raise NotATable("This file says it is gzip, but cannot be unpacked.") from None
        encoding = _encoding_of(sample)
        head = sample.decode(encoding, "western").lstrip()
        if not head.strip("\ufeff \r\n\t"):
            raise NotATable("The file is empty.")
        self._text = io.TextIOWrapper(raw, encoding=encoding, errors="western", newline="")
        self.kind = _kind_of(head)
        self._delimiter = _delimiter_of(head)

    @property
    def bytes_done(self) -> int:
        """How far into the file the reading has come, in bytes of the file as it is stored."""
        return min(self._file.tell(), self.bytes_total)

    def rows(self) -> Iterator[Row]:
        """Yield the rows in order; raises NotATable if the file breaks off half-way."""
        read = {"csv": self._csv, "lines": self._lines, "list": self._list}[self.kind]
        try:
            yield from read()
        except (EOFError, OSError, zlib.error):
            raise NotATable("The gzip file is damaged or cut off.") from None

    def close(self) -> None:
        """Let go of the file, which stays open for whoever opened it."""
        self._text.detach()

    def _csv(self) -> Iterator[Row]:
        reader = csv.reader(self._text, delimiter=self._delimiter)
        names: list[str] = []
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                mend = 'Look for a quote (") that is never closed.'
                yield Row(line, {}, BadInput("row", "cannot be taken apart.", mend))
                continue
            if not any(cells) or (line == 1 and cells[0].lower().startswith("sep=")):
                continue
            if not names:
                names = _names(cells)
                continue
            if any(cells[len(names) :]):
                problem = f"has {len(cells)} cells, but the header names {len(names)} columns."
                yield Row(
                    line, {}, BadInput("row", problem, "Put texts with separators in quotes.")
                )
                continue
            yield Row(line, dict(zip(names, cells, strict=False)))

    def _lines(self) -> Iterator[Row]:
        line = 0
        while text := self._text.readline(MAX_FIELD):
            line += 1
            if len(text) == MAX_FIELD:
                while text and not text.endswith("\n"):
                    text = self._text.readline(MAX_FIELD)
                yield Row(line, {}, BadInput("row", "is longer than 4 MB.", "Shorten it."))
            elif text.strip():
                yield _json_row(line, text)

    def _list(self) -> Iterator[Row]:
        decoder, waiting, line, ended = json.JSONDecoder(), "", 1, False
        while True:
            rest = waiting.lstrip(" \t\r\n,\ufeff[")
            line += waiting[: len(waiting) - len(rest)].count("\n")
            waiting = rest
            if waiting.startswith("]"):
                return
            try:
                _, end = decoder.raw_decode(waiting)
            except (ValueError, RecursionError):
                end = 0
            if end and (end < len(waiting) or ended):
                yield _json_row(line, waiting[:end])
                line += waiting[:end].count("\n")
                waiting = waiting[end:]
                continue
            more = "" if ended or len(waiting) > MAX_FIELD else self._text.read(SAMPLE)
            ended = not more
            waiting += more
            if ended:
                problem = (
                    "the list is not JSON from here on." if waiting else "the list has no end."
                )
                yield Row(line, {}, BadInput("row", problem, "Send a complete JSON list."))
                return


def _json_row(line: int, text: str) -> Row:
    try:
        values = read_json(text.encode("utf-8", "surrogatepass"))
    except BadInput as error:
        return Row(line, {}, BadInput("row", error.problem, error.mend))
    if not isinstance(values, dict):
        return Row(line, {}, BadInput("row", "is not a JSON object.", 'Send {"text": "..."}.'))
    return Row(line, values)


def _encoding_of(sample: bytes) -> str:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    nuls = sample.count(0)
    if nuls > len(sample) // 4:
        even = sample[::2].count(0)
        if max(even, nuls - even) > 0.9 * nuls:  # every second byte: UTF-16 of western letters
            return "utf-16-be" if even > nuls - even else "utf-16-le"
    controls = len(sample) - len(sample.translate(None, CONTROLS))
    if controls > len(sample) // 50 + 1:
        raise NotATable("This is not a text file: send CSV, JSON lines or a JSON list.")
    return "utf-8-sig"


def _kind_of(head: str) -> str:
    if head.startswith("["):
        return "list"
    if not head.startswith("{"):
        return "csv"
    if head[1:].lstrip(" ").startswith(("\n", "\r")):
        raise NotATable("This is one JSON object: send a JSON list, or one object on each line.")
    return "lines"


def _delimiter_of(head: str) -> str:
    # The header tells best: csv.Sniffer also looks at the texts, and takes their commas for it.
    lines = head.splitlines()
    if lines[0].lower().startswith("sep=") and len(lines[0]) == 5:
        return lines[0][4]
    counts = {mark: lines[0].count(mark) for mark in DELIMITERS}
    return max(counts, key=lambda mark: counts[mark])


def _names(cells: list[str]) -> list[str]:
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip().strip("\ufeff") or f"column {number}"
        names.append(name if name not in names else f"{name} {number}")
    return names
