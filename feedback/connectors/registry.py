"""All connectors: one row each."""

from feedback.connectors.base import Connector

_ALL: tuple[Connector, ...] = ()

CONNECTORS = {connector.name: connector for connector in _ALL}
