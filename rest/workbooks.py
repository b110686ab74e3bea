"""XLSX made piece by piece, in the memory of one page, nothing of it on disk.

XlsxWriter makes the workbook: its parts, formats, names of columns, and a second sheet that tells of the first. The
rows of the first sheet are written into the archive while it is sent (docs/adr/0029-workbooks-as-a-stream.md).
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

Value = str | int | float | datetime | None

CELL_CHARACTERS = 32_767
"""The longest text of a cell, in UTF-16 code units, by the specification of Excel."""
SHEET_ROWS = 1_048_576
_ROWS = "xl/worksheets/sheet1.xml"
_NUMBER_FORMAT = "yyyy-mm-dd hh:mm:ss"
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - days are counted on the local calendar
_FIRST_DAY = datetime(1900, 3, 1)  # noqa: DTZ001 - the first that all spreadsheets count alike
_DAY = timedelta(days=1)
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""Characters written as `_xHHHH_` (ECMA-376, ST_Xstring): those that XML cannot hold, and a `_` before such a text."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of rows: the names of its columns, the time zone of its dates, and what is told of it."""

    columns: Sequence[str]
    timezone: ZoneInfo
    about: Mapping[str, Value]


class _Pieces(io.RawIOBase):
    """A file that is only written to, and gives away what was written."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._written += piece
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


class StreamedWorkbook:
    """A workbook that is written in order: `begin`, `rows` any number of times, `end`. Each returns bytes to send.

    `close` it in the end, also if it was given up.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._columns = sheet
        self._letters = [xl_col_to_name(number) for number in range(len(sheet.columns))]
        self._row = 1
        self._tail = self._date_style = ""
        self._pieces = _Pieces()
        self._archive = ZipFile(self._pieces, "w", ZIP_DEFLATED)
        self._sheet: IO[bytes] | None = None

    def begin(self) -> bytes:
        """All parts but the sheet of rows, and its beginning."""
        template = ZipFile(io.BytesIO(_template(self._columns)))
        for name in template.namelist():
            if name != _ROWS:
                self._archive.writestr(name, template.read(name))
        head, pattern, self._tail = re.split(r'(<row r="2".*?</row>)', template.read(_ROWS).decode())
        self._date_style = re.findall(r's="(\d+)"', pattern)[0]
        self._sheet = self._archive.open(_ROWS, "w")
        # The rows are not counted beforehand, and the element is optional.
        return self._written(re.sub(r"<dimension[^>]*/>", "", head))

    def rows(self, rows: Iterable[Sequence[Value]]) -> bytes:
        """The next rows."""
        return self._written("".join(map(self._row_of, rows)))

    def end(self) -> bytes:
        """The end of the sheet and of the archive."""
        written = self._written(self._tail)
        self.close()
        return written + self._pieces.taken()

    def close(self) -> None:
        """Close the archive."""
        if self._sheet is not None:
            self._sheet.close()
        self._archive.close()

    def _written(self, xml: str) -> bytes:
        assert self._sheet is not None  # noqa: S101 - it was begun
        self._sheet.write(xml.encode())
        return self._pieces.taken()

    def _row_of(self, values: Sequence[Value]) -> str:
        self._row += 1
        cells = [
            self._cell(f"{letter}{self._row}", value)
            for letter, value in zip(self._letters, values, strict=True)
            if value is not None
        ]
        return f'<row r="{self._row}">{"".join(cells)}</row>'

    def _cell(self, place: str, value: Value) -> str:
        """A cell: a number, a date, or a text, which is never taken for a formula or a number."""
        if isinstance(value, int | float):
            return f'<c r="{place}"><v>{value!r}</v></c>'
        if isinstance(value, datetime):
            local = value.astimezone(self._columns.timezone).replace(tzinfo=None)
            if local >= _FIRST_DAY:
                return f'<c r="{place}" s="{self._date_style}"><v>{(local - _EPOCH) / _DAY!r}</v></c>'
            value = value.astimezone(UTC).isoformat()
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{_text(str(value))}</t></is></c>'


def _text(value: str) -> str:
    """A text as XML: cut to the length of a cell, with characters that XML cannot hold in Excel's own spelling."""
    units = value.encode("utf-16-le")
    if len(units) > 2 * CELL_CHARACTERS:
        value = units[: 2 * (CELL_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
    return escape(_ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", value))


def _template(sheet: Sheet) -> bytes:
    """The workbook without rows, but for a second one whose style is that of dates."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as workbook:
        bold, date = workbook.add_format({"bold": True}), workbook.add_format({"num_format": _NUMBER_FORMAT})
        rows, about = workbook.add_worksheet("usage"), workbook.add_worksheet("about")
        rows.freeze_panes(1, 0)
        rows.set_column(0, len(sheet.columns) - 1, 20)
        for number, name in enumerate(sheet.columns):
            rows.write_string(0, number, name, bold)
        rows.write_blank(1, 0, None, date)
        about.set_column(0, 1, 30)
        for number, (name, value) in enumerate(sheet.about.items()):
            about.write_string(number, 0, name, bold)
            about.write(number, 1, value) if isinstance(value, int) else about.write_string(number, 1, str(value))
    return file.getvalue()
