"""A saved field mapping: what of a foreign JSON is which field of a ship, in JMESPath. Pure."""

from collections.abc import Mapping
from typing import Any

from common.expressions import find
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
MAX_SHIPS = 100


def apply_mapping(mapping: Mapping[str, str], body: Any) -> list[dict[str, Any]]:
    """Return the fields of each ship that the body tells of, by Wake's own names.

    Raises NotAShip where the condition `only_when` is not met, BadInput where an expression fails.
    """
    if mapping.get("only_when") and not find(mapping, "only_when", body):
        raise NotAShip(f"The condition {mapping['only_when']} is not met.")
    each: list[Any] = [body]
    if mapping.get("ships"):
        found = find(mapping, "ships", body)
        each = found if isinstance(found, list) else []
        if not each:
            raise NotAShip(f"{mapping['ships']} finds no ships.")
    names = [name for name in FIELDS if name not in ("only_when", "ships") and mapping.get(name)]
    return [
        {name: storable_json(find(mapping, name, one)) for name in names}
        for one in each[:MAX_SHIPS]
    ]
