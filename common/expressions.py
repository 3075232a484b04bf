"""Expressions in JMESPath, with which people say where a field stands in foreign JSON. Pure."""

from collections.abc import Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from common.errors import BadInput

MAX_EXPRESSION = 500


def check_expression(name: str, expression: str) -> None:
    """Return if the expression can be read; raises BadInput that says where it breaks."""
    if len(expression) > MAX_EXPRESSION:
        raise BadInput(name, f"has more than {MAX_EXPRESSION} characters.", "Shorten it.")
    try:
        jmespath.compile(expression)
    except (JMESPathError, RecursionError, ValueError) as reason:
        first = str(reason).split("\n", 1)[0]
        raise BadInput(name, f"is not JMESPath: {first}", "See jmespath.org.") from None


def find(mapping: Mapping[str, str], name: str, body: Any) -> Any:
    """Return what the expression called `name` finds in the body; raises BadInput if it fails."""
    try:
        return jmespath.search(mapping[name], body)
    # Functions of JMESPath meet whatever a stranger sent: a wrong type is the caller's to see.
    except (JMESPathError, RecursionError, ValueError, TypeError, AttributeError) as reason:
        first = str(reason).split("\n", 1)[0][:200]
        raise BadInput(name, f"could not be read: {first}", "Mend the mapping.") from None
