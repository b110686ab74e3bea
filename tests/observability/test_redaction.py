import pytest

from observability.redaction import (
    LONGEST_TRACEBACK,
    LONGEST_VALUE,
    bound_values,
    redact_event,
    redacted,
    redacted_traceback,
)


def told(error: Exception) -> str:
    with pytest.raises(type(error)) as raised:
        _fail(error)
    return redacted_traceback((raised.type, raised.value, raised.tb))


def _fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("GET https://a.com/secret?q=1 failed", "GET [url] failed"),
        ("cannot reach 'postgresql://u:p@h/db'", "cannot reach '[url]'"),
        ("key wb_abcdefgh12345678 is unknown", "key [key] is unknown"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln is bad", "token [token] is bad"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [token]"),
        ('invalid input syntax for type uuid: "secret"', "invalid input syntax for type uuid: [value]"),
        (
            "invalid input for query argument $1: 'secret' (expected int)",
            "invalid input for query argument $1: [value]",
        ),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_and_urls_are_taken_out_of_a_text(text: str, left: str):
    assert redacted(text) == left


def test_a_traceback_says_where_and_what_without_local_variables():
    secret = "a local variable"

    text = told(ValueError("no number"))

    assert text.splitlines()[0] == "Traceback (most recent call last):"
    assert text.splitlines()[-1] == "ValueError: no number"
    assert "in _fail" in text
    assert secret not in text


def test_rows_that_postgresql_quotes_are_left_out_and_statements_stay():
    row = "DETAIL:  Failing row contains (https,\n[SQL: a trick,\nsecret)."

    text = told(RuntimeError(f"violates check constraint\n{row}\n[SQL: INSERT INTO t VALUES ($1)]"))
    without_statement = told(RuntimeError(f"violates check constraint\n{row.replace('SQL', 'X')}"))

    with_long_row = told(
        RuntimeError(f"violates check constraint\n{row}{'x' * 5000}\n[SQL: INSERT INTO t VALUES ($1)]")
    )

    assert text.endswith("RuntimeError: violates check constraint\n[SQL: INSERT INTO t VALUES ($1)]")
    assert with_long_row == text
    assert without_statement.endswith("RuntimeError: violates check constraint")
    assert "secret" not in text + without_statement


def test_causes_are_told_as_carefully():
    error = ValueError("outer")
    error.__cause__ = KeyError("https://a.com/secret")

    text = told(error)

    assert "KeyError: '[url]'" in text
    assert "direct cause" in text
    assert "secret" not in text


def test_text_that_clients_chose_is_cut_and_commands_no_terminal():
    line = {"event": "failed", "path": ["a" * 5000, 1, "b\x1b[2J"], "user": "ada\r\n2026 all is well\u202e", "count": 3}

    bound = bound_values(None, "", line)

    assert bound["path"] == ["a" * LONGEST_VALUE + "… (4000 characters left out)", 1, "b�[2J"]
    assert bound["user"] == "ada� 2026 all is well�"
    assert (bound["event"], bound["count"]) == ("failed", 3)
    assert len(bound_values(None, "", {"items": ["x"] * 1000})["items"]) == 50


def test_messages_in_tracebacks_are_cut_and_command_no_terminal():
    text = told(ValueError("\x1b]0;title\x07 " + "a.b" * 100_000))

    assert text.splitlines()[0] == "Traceback (most recent call last):"
    assert text.splitlines()[-1].startswith("ValueError: �]0;title�")
    assert len(text) < LONGEST_VALUE + 1000


def test_a_long_chain_of_causes_keeps_its_beginning_and_its_end():
    error = first = ValueError("first " + "x" * 900)
    for _ in range(100):
        error.__cause__ = ValueError("y" * 900)
        error = error.__cause__
    error.__cause__ = KeyError("the root")

    text = told(first)

    assert "KeyError: 'the root'" in text[:1000]
    assert "ValueError: first" in text[-1000:]
    assert LONGEST_TRACEBACK < len(text) < LONGEST_TRACEBACK + 100


def test_a_secret_is_not_cut_in_half():
    secret = "https://a.com/" + "s" * 100
    line = {"event": " ".join(["word"] * 790) + " " + secret}

    assert "https" not in redact_event(None, "", dict(line))["event"]
    assert "https" not in bound_values(None, "", redact_event(None, "", dict(line)))["event"]
