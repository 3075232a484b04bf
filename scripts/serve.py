"""Runs the processes of the Procfile side by side, until Ctrl-C or until one of them ends.

`make run` calls it after setting up. It adds to honcho: an exit code of 0 when it was asked to
stop, a sentence when it was not, and the address and sign-in once the pages really answer.
"""

import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from honcho import manager
from honcho.environ import parse_procfile
from honcho.printer import Printer

ROOT = Path(__file__).resolve().parent.parent
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = os.environ.get("PORT", "8000")
BASE_URL = os.environ.get("BASE_URL", f"http://localhost:{PORT}").rstrip("/")
ASKED_TO_STOP = (130, 143)  # honcho's codes for Ctrl-C and SIGTERM

# A worker finishes what it is at; honcho's own five seconds are often too short for that. Work
# that is killed all the same is taken up again: it is a row, not a message.
manager.KILL_WAIT = 20


class Quiet(Printer):
    """Prints what the processes say, and of honcho's own words only that one has ended."""

    ending = False

    def write(self, message: Any) -> None:
        """Print the message, unless it is honcho speaking of what goes as it should."""
        if message.name == manager.SYSTEM_PRINTER_NAME:
            if " received" in message.data and not self.ending:
                self.ending = True
                say("\nStopping Wake; what is being worked on is finished first.")
            elif " stopped (rc=" in message.data and not self.ending:
                self.ending = True
                name = message.data.split()[0]
                say(f"\nThe {name} process ended by itself, so the others are stopped too.")
            return
        super().write(message)


def say(text: str) -> None:
    """Print at once, even when the output is a pipe."""
    print(text, flush=True)  # noqa: T201


def port_problem() -> str:
    """Return a sentence if nothing can be served on the port, or an empty text."""
    if not PORT.isdigit() or not 0 < int(PORT) < 65536:
        return f"PORT={PORT} is not a port. Choose a number from 1024 to 65535."
    family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST.strip("[]"), int(PORT)))
        except OSError as error:
            return (
                f"Port {PORT} on {HOST} cannot be used: {os.strerror(error.errno or 0)}. Is Wake "
                f"running already? Stop that, or choose another port: make run PORT=8001"
            )
    return ""


def greet_when_ready() -> None:
    """Print the address and how to sign in, once the web server answers."""
    host = "127.0.0.1" if HOST in ("0.0.0.0", "::", "[::]") else HOST  # noqa: S104
    for _attempt in range(240):
        try:
            with urllib.request.urlopen(f"http://{host}:{PORT}/healthz", timeout=5):
                break
        except urllib.error.HTTPError:
            break  # it answers, if only that it does not serve this host name
        except OSError:
            time.sleep(0.25)
    else:
        return
    say("\n" + "\n".join(greeting()) + "\n")


def greeting() -> list[str]:
    """Return the lines that a person needs to get in."""
    if os.environ.get("DEMO", "1") != "0":
        people = [
            "  Sign in   ada@demo.example",
            "  Password  wake-demo-2026",
        ]
    else:
        people = [
            "  Make the first person and project, in another terminal:",
            '    .venv/bin/python manage.py create_project "My product" --owner you@example.com',
        ]
    return [f"  Wake is at {BASE_URL}/", *people, "  Stop it with Ctrl-C."]


def serve() -> int:
    """Run all processes; return 0 if a person or the system asked us to stop, else 1."""
    bin_folder = str(Path(sys.executable).parent)
    env = {
        **os.environ,
        "HOST": HOST,
        "PORT": PORT,
        "BASE_URL": BASE_URL,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        # In a container everybody is root; Celery's warning of it would hide what matters.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    }
    processes = manager.Manager(Quiet(sys.stdout))
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        processes.add_process(name, f"exec {command}", env=env, cwd=str(ROOT))
    # A closed terminal must not leave the processes running behind it.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=greet_when_ready, daemon=True).start()
    processes.loop()
    if processes.returncode in ASKED_TO_STOP:
        say("Wake has stopped.")
        return 0
    say("Wake has stopped because of that; the lines above say why. Start it again: make run")
    return 1


if __name__ == "__main__":
    problem = port_problem()
    if problem:
        sys.exit(f"\n{problem}")
    if "--check" not in sys.argv:
        sys.exit(serve())
