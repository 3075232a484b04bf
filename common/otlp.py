"""How OTLP/HTTP says that something went wrong: a google.rpc.Status, as Protobuf or as JSON.

https://opentelemetry.io/docs/specs/otlp/#failures-1
"""

import json

from opentelemetry.proto.trace.v1.trace_pb2 import Status

METRICS = "/v1/metrics"
JSON, PROTOBUF = "application/json", "application/x-protobuf"


def kind_of(content_type: str) -> str:
    """Return the kind of a body, without its parameters and in lower case."""
    return content_type.partition(";")[0].strip().lower()


def status_body(said: str, *, content_type: str) -> tuple[bytes, str]:
    """Return the body of a refusal and its kind: that of what was sent, Protobuf if it was neither.

    The status's message has the number 2, as this one's has: on the wire, and in JSON, the two are
    the same.
    """
    if kind_of(content_type) == JSON:
        return json.dumps({"message": said}).encode(), JSON
    return Status(message=said).SerializeToString(), PROTOBUF
