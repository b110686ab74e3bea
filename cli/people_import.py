"""`web-behavior import-people`: reads a CSV of people in portions, makes them, and writes their API keys."""

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from auth.api_keys import ApiKey
from core.audit import AuditAction
from core.errors import CannotGoOn, NameTaken
from core.limits import LIST_INPUT
from db.engine import Database
from db.queries.audit_entries import NewEntry
from db.queries.extension_users import ExtensionUserRow
from observability.redaction import printable
from resolvers.new_extension_users import Outcome, create_and_record
from resolvers.organizations import named
from rest.records import csv_rows

_COLUMN = "username"
_LINE_CHARACTERS = 65_536
_HEADINGS = ("username", "userId", "apiKey")


@dataclass
class Imported:
    """The numbers of people made, of those who existed, and of lines that name nobody."""

    created: int = 0
    existing: int = 0
    refused: int = 0


class _Line(NamedTuple):
    number: int
    username: str


async def organization_named(database: Database, text: str) -> UUID:
    """Return the id of the organization with this id or name. CannotGoOn if there is none, or several."""
    async with database.read() as db:
        found = await named(db, text)
    if len(found) != 1:
        how_many = "There are several organizations" if found else "There is no organization"
        raise CannotGoOn(f"{how_many} named {printable(text)}. Give the id (`uuid`) of one, or its exact name.")
    return found[0].id


@contextmanager
def key_file(path: Path | None) -> Iterator[BinaryIO]:
    """Open a new file that its owner alone may read; standard output without a path. CannotGoOn."""
    if path is None:
        yield sys.stdout.buffer
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CannotGoOn(
            f"Cannot make {path} ({error.strerror}): name a new file, so that no keys are lost."
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        yield file


async def import_file(database: Database, organization_id: UUID, path: Path, keys: BinaryIO) -> Imported:
    """Make the people of a CSV in portions, with a progress bar; write their keys after each portion. CannotGoOn."""
    imported, console = Imported(), Console(stderr=True)
    entry = NewEntry(AuditAction.KEY_ISSUED, None, organization_id)
    columns = SpinnerColumn(), TextColumn("People"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with _opened(path) as (lines, size, position), Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=size)
        keys.write(csv_rows([_HEADINGS]))
        while portion := list(islice(lines, LIST_INPUT)):
            usernames = [line.username for line in portion]
            outcomes = await create_and_record(database, entry, organization_id, usernames)
            _write(keys, outcomes)
            for line, outcome in zip(portion, outcomes, strict=True):
                _note(imported, console, line, outcome)
            progress.update(task, completed=position())
    return imported


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterator[_Line], int, Callable[[], int]]]:
    """The lines of a file, its size, and how far it has been read, both in bytes."""
    with path.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        yield _lines(text), path.stat().st_size, raw.tell


def _write(keys: BinaryIO, outcomes: list[Outcome]) -> None:
    made = [(person.username, str(person.id), key.text) for person, key in _made(outcomes)]
    keys.write(csv_rows(made))
    keys.flush()


def _made(outcomes: list[Outcome]) -> Iterator[tuple[ExtensionUserRow, ApiKey]]:
    for outcome in outcomes:
        if isinstance(outcome, tuple):
            yield outcome


def _note(imported: Imported, console: Console, line: _Line, outcome: Outcome) -> None:
    if isinstance(outcome, tuple):
        imported.created += 1
        return
    if isinstance(outcome, NameTaken):
        imported.existing += 1
        message = f"{line.username.strip()} exists already, and is left as is."
    else:
        imported.refused += 1
        message = outcome.message
    console.print(f"line {line.number}: {escape(printable(message))}", soft_wrap=True)


def _lines(text: TextIO) -> Iterator[_Line]:
    """The people of a CSV with the lines that they end on. CannotGoOn for what is no such file."""
    reader = csv.reader(_bounded(text))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if header.count(_COLUMN) != 1:
            raise CannotGoOn(f"line 1: there must be one column `{_COLUMN}`; the first line names the columns.")
        place = header.index(_COLUMN)
        for row in reader:
            if row:
                yield _Line(reader.line_num, row[place] if place < len(row) else "")
    except csv.Error as error:
        raise CannotGoOn(f"line {reader.line_num}: this is no CSV: {error}.") from error
    except UnicodeDecodeError as error:
        raise CannotGoOn(f"after line {reader.line_num}: the file is not in UTF-8. Save it as CSV UTF-8.") from error


def _bounded(text: TextIO) -> Iterator[str]:
    """The lines of a file, none of which may be so long that it would fill the memory."""
    number = 0
    while line := text.readline(_LINE_CHARACTERS):
        number += 1
        if len(line) == _LINE_CHARACTERS:
            raise CannotGoOn(f"line {number}: it is too long, with {_LINE_CHARACTERS} characters or more.")
        yield line
