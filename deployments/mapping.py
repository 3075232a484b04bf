"""A saved field mapping: what of a foreign JSON is which field of a ship, in JMESPath. Pure."""

from collections.abc import Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from common.errors import BadInput
from common.values import storable_json
from deployments.ship import NotAShip

# Each field, and what to say of it on the page.
FIELDS = {
    "only_when": "A condition: where it is false, the delivery is ignored.",
    "ships": "A list, where one delivery tells of several ships; the rest is read in each.",
    "version": "What the version is called; this or the sha is needed.",
    "sha": "The commit.",
    "environment": "Where it went; production if empty.",
    "service": "Which part of the product.",
    "status": "How it went, in any tool's words; succeeded if empty.",
    "started_at": "When it began.",
    "finished_at": "When it went live; the moment of the call if empty.",
    "id": "What names this one deployment, the same in each of its calls.",
    "title": "In a line, what it is.",
    "notes": "Release notes.",
    "url": "A link to it.",
    "author": "Who shipped, a mail address.",
}
MAX_EXPRESSION = 500
MAX_SHIPS = 100


def check_expression(name: str, expression: str) -> None:
    """Return if the expression can be read; raises BadInput that says where it breaks."""
    if len(expression) > MAX_EXPRESSION:
        raise BadInput(name, f"has more than {MAX_EXPRESSION} characters.", "Shorten it.")
    try:
        jmespath.compile(expression)
    except (JMESPathError, RecursionError, ValueError) as reason:
        first = str(reason).split("\n", 1)[0]
        raise BadInput(name, f"is not JMESPath: {first}", "See jmespath.org.") from None


def apply_mapping(mapping: Mapping[str, str], body: Any) -> list[dict[str, Any]]:
    """Return the fields of each ship that the body tells of, by Wake's own names.

    Raises NotAShip where the condition `only_when` is not met, BadInput where an expression fails.
    """
    if mapping.get("only_when") and not _find(mapping, "only_when", body):
        raise NotAShip(f"The condition {mapping['only_when']} is not met.")
    each: list[Any] = [body]
    if mapping.get("ships"):
        found = _find(mapping, "ships", body)
        each = found if isinstance(found, list) else []
        if not each:
            raise NotAShip(f"{mapping['ships']} finds no ships.")
    names = [name for name in FIELDS if name not in ("only_when", "ships") and mapping.get(name)]
    return [
        {name: storable_json(_find(mapping, name, one)) for name in names}
        for one in each[:MAX_SHIPS]
    ]


def _find(mapping: Mapping[str, str], name: str, body: Any) -> Any:
    try:
        return jmespath.search(mapping[name], body)
    # Functions of JMESPath meet whatever a stranger sent: a wrong type is the caller's to see.
    except (JMESPathError, RecursionError, ValueError, TypeError, AttributeError) as reason:
        first = str(reason).split("\n", 1)[0][:200]
        raise BadInput(name, f"could not be read: {first}", "Mend the mapping.") from None
