"""All sources of metrics: one row each."""

from engagement.sources.base import SourceKind
from engagement.sources.prometheus import PROMETHEUS

_ALL: tuple[SourceKind, ...] = (PROMETHEUS,)

SOURCES = {kind.name: kind for kind in _ALL}
