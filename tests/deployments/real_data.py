"""Real payloads of many vendors, which are not part of the repository."""

import gzip
import json
import os
from pathlib import Path

import pytest
from django.conf import settings


def folder() -> Path:
    default = settings.BASE_DIR.parent / "shared" / "data"
    return Path(os.environ.get("WAKE_SHARED_DATA", default)) / "webhooks"


def real_data(name):
    path = folder() / name
    if not path.is_file():
        pytest.skip(f"The real data is not at {path}; set WAKE_SHARED_DATA.")
    if name.endswith(".gz"):
        return [json.loads(line) for line in gzip.open(path, "rt")]
    return json.loads(path.read_text())


def all_real_payloads():
    """Return every payload of every file, in the files' order."""
    if not folder().is_dir():
        pytest.skip(f"The real data is not at {folder()}; set WAKE_SHARED_DATA.")
    return [row for path in sorted(folder().glob("*.jsonl.gz")) for row in real_data(path.name)]
