"""`enms check-rules`: read rule books as the rules role would, and say everything that is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.surroundings import load_settings
from rules.book import BUNDLED, BookFile, read_books

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Rule book files or folders; without any, the bundled ones and ENMS_RULES_DIR."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def command(paths: Paths = None, as_json: Json = False) -> None:
    """Check rule books without running them. Exit status 1 when a file is refused."""
    books = _books(paths or [])
    if as_json:
        typer.echo(json.dumps([_figures(book) for book in books], ensure_ascii=False, indent=2))
    else:
        _tell(books)
    if any(book.mistakes for book in books):
        raise typer.Exit(1)


def _books(paths: list[Path]) -> list[BookFile]:
    if not paths:
        own = load_settings().rules_dir
        return read_books([BUNDLED, *([own] if own is not None else [])])
    if any(path.resolve().is_relative_to(BUNDLED) for path in paths):
        return read_books(paths)
    return read_books([BUNDLED, *paths])[len(read_books([BUNDLED])) :]


def _tell(books: list[BookFile]) -> None:
    for book in books:
        for mistake in book.mistakes:
            typer.echo(f"{book.name}: {mistake}", err=True)
        if not book.mistakes:
            instead = f", instead of {', '.join(book.replaces)}" if book.replaces else ""
            typer.echo(f"{book.name}: {len(book.rules)} rules{instead}")
    refused = sum(bool(book.mistakes) for book in books)
    typer.echo(f"{sum(len(b.rules) for b in books)} rules in {len(books)} files, {refused} files refused")


def _figures(book: BookFile) -> dict[str, object]:
    return {
        "file": book.name,
        "rules": [rule.id for rule in book.rules],
        "replaces": list(book.replaces),
        "mistakes": [{"line": m.line, "place": m.place, "reason": m.reason} for m in book.mistakes],
    }
