"""`python -m audit FOLDER`: the locks against the advisories in a folder; status 1 if any version is affected."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from audit.advisories import Advisory, read_advisories
from audit.locks import Locked, locked_packages


def main(root: Path, folder: Path) -> int:
    """Print the advisories found, and the extent and age of the data; return the exit status."""
    packages, advisories = locked_packages(root), list(read_advisories(folder))
    findings = sorted(set(find(packages, advisories)))
    for finding in findings:
        typer.echo(finding)
    for ecosystem, locked in sorted(Counter(package.ecosystem for package in packages).items()):
        dates = [advisory.modified for advisory in advisories if advisory.ecosystem == ecosystem]
        newest = f", the newest of {max(dates):%Y-%m-%d}" if dates else ": nothing is known of these packages"
        typer.echo(f"{ecosystem}: {locked} locked packages, {len(dates)} advisories{newest}")
    if not packages or not advisories:
        typer.echo(f"There is nothing to compare in {root.resolve()} and {folder.resolve()}.")
        return 2
    return 1 if findings else 0


def find(packages: Iterable[Locked], advisories: Iterable[Advisory]) -> Iterator[str]:
    """A line for each advisory that a locked version is affected by, or cannot be compared with."""
    by_package = defaultdict(list)
    for advisory in advisories:
        by_package[advisory.ecosystem, advisory.name].append(advisory)
    for ecosystem, name, version in packages:
        for advisory in by_package[ecosystem, name]:
            try:
                if advisory.affects(version):
                    yield f"{ecosystem} {name} {version}: {advisory.id}"
            except ValueError:
                yield f"{ecosystem} {name} {version}: {advisory.id} has versions that cannot be compared; look yourself"


if __name__ == "__main__":
    sys.exit(main(Path(), Path(sys.argv[1])))
