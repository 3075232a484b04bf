"""A real Prometheus of its own: its files in a temporary folder, on a free port."""

import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

PROGRAM, TOOL = shutil.which("prometheus"), shutil.which("promtool")
MISSING = "needs Prometheus: apt-get install prometheus"

SETTINGS = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: itself
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""


class Prometheus:
    """A running server; `web` holds its own settings for TLS and passwords."""

    def __init__(self, folder: Path, *, metrics: str = "", web: str = "", scheme: str = "http"):
        self.folder, self.port = folder, _free_port()
        self.url = f"{scheme}://localhost:{self.port}"
        (folder / "prometheus.yml").write_text(SETTINGS.format(port=self.port))
        if metrics:
            (folder / "metrics.txt").write_text(metrics + "# EOF\n")
            subprocess.run(
                [str(TOOL), "tsdb", "create-blocks-from", "--max-block-duration=3000h",
                 "openmetrics", "--quiet",
                 folder / "metrics.txt", folder / "data"],
                check=True, capture_output=True,
            )  # fmt: skip
        options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                   f"--web.listen-address=127.0.0.1:{self.port}",
                   "--storage.tsdb.retention.time=10y", "--log.level=warn"]  # fmt: skip
        if web:
            (folder / "web.yml").write_text(web)
            options.append(f"--web.config.file={folder}/web.yml")
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen([str(PROGRAM), *options], stderr=self.log)
        self._wait(plain=not web)

    def _wait(self, *, plain: bool) -> None:
        for _try in range(300):
            try:
                if plain:
                    urllib.request.urlopen(f"{self.url}/-/ready", timeout=2).close()
                else:
                    socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


needs_prometheus = pytest.mark.skipif(not (PROGRAM and TOOL), reason=MISSING)
