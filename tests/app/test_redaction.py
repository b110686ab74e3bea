import pytest

from app.redaction import redacted, redacted_traceback


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

    assert text.endswith("RuntimeError: violates check constraint\n[SQL: INSERT INTO t VALUES ($1)]")
    assert without_statement.endswith("RuntimeError: violates check constraint")
    assert "secret" not in text + without_statement


def test_causes_are_told_as_carefully():
    error = ValueError("outer")
    error.__cause__ = KeyError("https://a.com/secret")

    text = told(error)

    assert "KeyError: '[url]'" in text
    assert "direct cause" in text
    assert "secret" not in text
