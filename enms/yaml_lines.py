"""YAML files that people write: read so that every mistake can be told with its line."""

from __future__ import annotations

from collections.abc import Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from enms.errors import Mistake

Location = Sequence[int | str]


def read_mapping(text: str, what: str) -> CommentedMap | Mistake:
    """The mapping in a YAML text, or why there is none.

    Args:
        text: the file's content.
        what: how the file begins, for the message: "a rule book is a mapping that begins with `rules:`".
    """
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        return Mistake("", f"not YAML: {error.problem}", line)
    except YAMLError as error:
        return Mistake("", f"not YAML: {error}")
    if not isinstance(document, CommentedMap):
        return Mistake("", what, 1)
    return document


def plain(node: object) -> object:
    """Annotated containers as plain ones, so that pydantic sees what was written."""
    if isinstance(node, CommentedMap):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [plain(value) for value in node]
    return node


def line_of(document: CommentedMap, location: Location) -> int:
    """Line of the innermost node on the way to `location` that the file really has."""
    node: object = document
    line: int = document.lc.line + 1
    for step in location:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
            node = node[step]
        else:
            break
    return line


def place_of(document: CommentedMap, location: Location, names: Sequence[str]) -> str:
    """`rules[bf_day].for`: list items by the first of `names` they have.

    Args:
        document: as read.
        location: keys and indexes from the top.
        names: keys that identify a list's item.
    """
    node: object = document
    words = ""
    for step in location:
        if isinstance(step, int):
            node = node[step] if isinstance(node, CommentedSeq) and step < len(node) else None
            known = [node[key] for key in names if key in node] if isinstance(node, CommentedMap) else []
            words += f"[{known[0] if known else step}]"
        else:
            words += f".{step}" if words else step
            node = node.get(step) if isinstance(node, CommentedMap) else None
    return words
