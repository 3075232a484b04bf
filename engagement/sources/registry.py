"""All sources of metrics that are asked: one row each."""

from engagement.sources.base import SourceKind
from engagement.sources.json_http import JSON_HTTP
from engagement.sources.postgresql import POSTGRESQL
from engagement.sources.prometheus import PROMETHEUS

_ALL: tuple[SourceKind, ...] = (PROMETHEUS, POSTGRESQL, JSON_HTTP)

SOURCES = {kind.name: kind for kind in _ALL}
