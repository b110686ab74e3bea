"""The GraphQL schema against that of the last release: `python -m app.schema_diff` prints what differs for clients.

The last release is the newest version in CHANGELOG.md: its tag, or where there is none the commit that wrote its
heading. Another revision may be named instead. What breaks clients belongs into the changelog.
"""

import re
import subprocess
import sys
from pathlib import Path

from graphql import GraphQLSchema, build_schema, find_breaking_changes, find_dangerous_changes

ROOT = Path(__file__).parents[1]
SCHEMA, CHANGELOG = "schema.graphql", "CHANGELOG.md"
_RELEASE = re.compile(r"^## (\d+\.\d+\.\d+) .*$", re.MULTILINE)


def main(arguments: list[str], folder: Path = ROOT) -> str:
    """Return the differences in words. SystemExit, with what to do, if there is nothing to compare with."""
    revision = arguments[0] if arguments else last_release(folder)
    try:
        former = _git(folder, "show", f"{revision}:{SCHEMA}")
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{revision} has no {SCHEMA}. Name another revision: make schema-diff FROM=…") from error
    return f"{SCHEMA} since {revision}\n\n" + differences(build_schema(former), present(folder))


def present(folder: Path) -> GraphQLSchema:
    """Return the schema as it stands in the folder."""
    return build_schema((folder / SCHEMA).read_text())


def last_release(folder: Path) -> str:
    """Return the revision of the last release."""
    found = _RELEASE.search((folder / CHANGELOG).read_text())
    if found is None:
        raise SystemExit(f"{CHANGELOG} has no release yet. Name a revision: make schema-diff FROM=…")
    tag = f"v{found[1]}"
    if _git(folder, "tag", "--list", tag):
        return tag
    commits = _git(folder, "log", "--format=%h", "-S", found[0], "--", CHANGELOG).split()
    if not commits:
        raise SystemExit(f"No commit has the heading of {found[1]}. Name a revision: make schema-diff FROM=…")
    return commits[-1]


def differences(former: GraphQLSchema, now: GraphQLSchema) -> str:
    """Return what changed for clients: what breaks them, what may surprise them, what they should leave."""
    parts = {
        "Breaks clients": [change.description for change in find_breaking_changes(former, now)],
        "May surprise clients": [change.description for change in find_dangerous_changes(former, now)],
        "Deprecated": deprecated(now),
    }
    return "\n\n".join(
        f"{title}:\n" + ("\n".join(map("- {}".format, lines)) or "- nothing") for title, lines in parts.items()
    )


def deprecated(schema: GraphQLSchema) -> list[str]:
    """Return the fields, arguments, members and values that are deprecated, each with its reason."""
    found = []
    for type_name, kind in sorted(schema.type_map.items()):
        if type_name.startswith("__"):
            continue
        parts = {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}
        for name, part in parts.items():
            arguments = {f"{name}({key}:)": argument for key, argument in getattr(part, "args", {}).items()}
            for path, each in {name: part, **arguments}.items():
                if each.deprecation_reason is not None:
                    found.append(f"{type_name}.{path}: {each.deprecation_reason}")
    return found


def _git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603, S607 - git of the PATH, asked about this repository
    return run.stdout.strip()


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
