"""Names are compared by a normalized form, stored beside them. What is stored already is normalized here.

Two names that are in use and turn out to be the same are both kept: the one that was there first has the name, the
others share it (`shares_name`) and are left out of the unique index, so that no third one can be added. The indexes on
`lower(username)` stay, and a trigger fills the normalized form in as well as the database can, because processes of the
version before go on while the new ones start.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from core.names import LONGEST_FORM, normalized_name

revision = "0017"
down_revision = "0016"

_ROWS = 1000
_UNIQUE = {"users": [], "extension_users": ["organization_id"], "membership_offers": ["organization_id"]}
"""The tables of usernames, and the columns within whose values a username is unique."""
_NAMES = {"organizations": "name"} | dict.fromkeys(_UNIQUE, "username")

_NORMALIZE = """
CREATE FUNCTION normalize_{column}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.normalized_{column} IS NOT NULL THEN
        RETURN NEW;
    END IF;
    NEW.normalized_{column} := replace(translate(
        lower(normalize(btrim(NEW.{column}), NFC)), U&'\\03C2\\017F\\00A0\\200C\\200D', U&'\\03C3s '
    ), 'ß', 'ss');
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    for column in ("name", "username"):
        op.execute(_NORMALIZE.format(column=column))
    for table, column in _NAMES.items():
        op.add_column(table, sa.Column(f"normalized_{column}", sa.Text()))
        _fill(table, column)
        op.alter_column(table, f"normalized_{column}", nullable=False)
        _add_triggers(table, column)
    for table, within in _UNIQUE.items():
        op.add_column(table, sa.Column("shares_name", sa.Boolean(), server_default=sa.false(), nullable=False))
        _mark_shared_names(table, within)
        op.create_index(
            op.f(f"uq_{'_'.join([table, *within, 'normalized_username'])}"),
            table,
            [*within, "normalized_username"],
            unique=True,
            postgresql_where=sa.text("NOT shares_name"),
        )


def _fill(table: str, column: str) -> None:
    connection = op.get_bind()
    statement = sa.text(f"""
        UPDATE {table} SET normalized_{column} = given.normalized
        FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[])) AS given (id, normalized) WHERE {table}.id = given.id
    """)  # noqa: S608 - names from above
    for rows in _pages(table, column):
        names = [normalized_name(row[1][:LONGEST_FORM]) for row in rows]
        connection.execute(statement, {"ids": [row.id for row in rows], "names": names})


def _pages(table: str, column: str) -> Iterator[list[Any]]:
    """Yield the names of a table with their ids, a page at a time."""
    statement = sa.text(f"""
        SELECT id, {column} FROM {table}
        WHERE id > coalesce(CAST(:after AS uuid), '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT {_ROWS}
    """)  # noqa: S608 - names from above
    after = None
    while True:
        rows = list(op.get_bind().execute(statement, {"after": after}))
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _add_triggers(table: str, column: str) -> None:
    """Fill the normalized form in where a process of the version before adds or changes a name."""
    op.execute(f"""
        CREATE TRIGGER normalize_inserted BEFORE INSERT ON {table}
        FOR EACH ROW EXECUTE FUNCTION normalize_{column}()
    """)
    op.execute(f"""
        CREATE TRIGGER normalize_updated BEFORE UPDATE OF {column} ON {table} FOR EACH ROW
        WHEN (lower(NEW.{column}) <> lower(OLD.{column}) AND NEW.normalized_{column} = OLD.normalized_{column})
        EXECUTE FUNCTION normalize_{column}()
    """)


def _mark_shared_names(table: str, within: list[str]) -> None:
    names = ", ".join([*within, "normalized_username"])
    op.execute(f"""
        UPDATE {table} SET shares_name = true FROM (
            SELECT id, row_number() OVER (PARTITION BY {names} ORDER BY created_at, id) AS place FROM {table}
        ) AS ranked WHERE ranked.id = {table}.id AND place > 1
    """)  # noqa: S608 - names from above


def downgrade() -> None:
    for table, column in _NAMES.items():
        op.execute(f"DROP TRIGGER normalize_inserted ON {table}")
        op.execute(f"DROP TRIGGER normalize_updated ON {table}")
        if table in _UNIQUE:
            op.drop_index(f"uq_{'_'.join([table, *_UNIQUE[table], 'normalized_username'])}", table)
            op.drop_column(table, "shares_name")
        op.drop_column(table, f"normalized_{column}")
    for column in ("name", "username"):
        op.execute(f"DROP FUNCTION normalize_{column}()")
