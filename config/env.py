"""Reading settings from the environment, each with a name that docs/settings.md explains."""

from collections.abc import Callable
from typing import Any

import environ


class Env(environ.FileAwareEnv):
    """An environment that remembers which names it was asked for.

    Each name may also be given as NAME_FILE: the path of a file holding the value.
    """

    def __init__(self) -> None:
        super().__init__()
        self.declared: dict[str, str] = {}

    def read(self, cast: Callable[..., Any], name: str, *, help: str, **kwargs: Any) -> Any:
        """Return the value of `name`; `help` is one sentence for the person who sets it."""
        self.declared[name] = help
        return cast(name, **kwargs)


env = Env()
