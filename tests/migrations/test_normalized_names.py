"""Names that were stored before they were compared in every form."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.names import normalized_name
from db import migrate
from tests.migrations.test_migrations import _connection
from tests.servers import new_database

COMPOSED, DECOMPOSED = "José", "Jose\u0301"
ORGANIZATION = "00000000-0000-0000-0000-000000000001"
BEFORE = [
    f"INSERT INTO organizations (id, name) VALUES ('{ORGANIZATION}', 'Straße')",
    f"INSERT INTO users (username) VALUES ('{COMPOSED}')",
    f"INSERT INTO users (username, created_at) VALUES ('{DECOMPOSED}', now() - interval '1 day')",
    "INSERT INTO users (username) SELECT 'user ' || n FROM generate_series(1, 1500) AS n",
    *(
        f"INSERT INTO {table} (organization_id, username, {columns}) VALUES ('{ORGANIZATION}', '{name}', {values})"
        for name in (COMPOSED, DECOMPOSED, "Ada")
        for table, columns, values in (
            ("extension_users", "api_key_hash, api_key_prefix", f"'{name}'::text::bytea, 'wb_'"),
            ("membership_offers", "role, offered_by, expires_at", "'viewer', gen_random_uuid(), now()"),
        )
    ),
]


@pytest.fixture
async def url(server_url: str):
    """A database of the version before, with names of which some are the same."""
    async with new_database(server_url) as url:
        await migrate.upgrade(url, "0016")
        async with _connection(url) as connection:
            for statement in BEFORE:
                await connection.execute(text(statement))
            await connection.commit()
        yield url


async def test_names_that_are_the_same_are_all_kept_and_no_further_one_comes(url: str):
    await migrate.upgrade(url)

    async with _connection(url) as connection:
        found = {
            table: [tuple(row) for row in await connection.execute(text(f"SELECT * FROM ({columns} {table}) AS names"))]
            for table, columns in {
                "organizations": "SELECT name, normalized_name, false FROM",
                **dict.fromkeys(
                    ("users", "extension_users", "membership_offers"),
                    "SELECT username, normalized_username, shares_name FROM",
                ),
            }.items()
        }

    assert found["organizations"] == [("Straße", "strasse", False)]
    for rows in found.values():
        assert all(normalized == normalized_name(name) for name, normalized, _ in rows)
    assert [(name, shares) for name, same, shares in found["users"] if same == "josé" and not shares] == [
        (DECOMPOSED, False)  # the older one
    ]
    assert [len(found[table]) for table in ("users", "extension_users", "membership_offers")] == [1502, 3, 3]
    for table in ("extension_users", "membership_offers"):
        assert sorted(shares for _, same, shares in found[table] if same == "josé") == [False, True]


@pytest.mark.parametrize("name", [COMPOSED, DECOMPOSED, "STRASSE", "straße"])
async def test_a_process_of_the_version_before_may_add_and_change_names_meanwhile(url: str, name: str):
    await migrate.upgrade(url)

    async with _connection(url) as connection:
        await connection.execute(text("INSERT INTO organizations (name) VALUES (:name)"), {"name": name})
        await connection.execute(text("UPDATE extension_users SET username = 'ŒUVRE' WHERE username = 'Ada'"))
        by_insert = await connection.scalar(
            text("SELECT normalized_name FROM organizations WHERE name = :name ORDER BY created_at DESC LIMIT 1"),
            {"name": name},
        )
        by_update = await connection.scalar(
            text("SELECT normalized_username FROM extension_users WHERE username = 'ŒUVRE'")
        )
        lowers = await connection.scalar(text("SELECT lower('É') = 'é'"))
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO users (username) VALUES ('Jose\u0301')"))

    assert not lowers or (by_insert, by_update) == (normalized_name(name), "œuvre")


async def test_the_way_back_and_forth_keeps_every_name(url: str):
    await migrate.upgrade(url)
    await migrate.downgrade(url, "0016")
    await migrate.upgrade(url)

    async with _connection(url) as connection:
        count = await connection.scalar(text("SELECT count(*) FROM users WHERE normalized_username = 'josé'"))
    assert count == 2
