"""A worker as a process of its own, to be killed: `python -m tests.digest.worker`.

Sends what is due until nothing is left; the environment says from which database, to which server.
"""

import os
import random
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from digest.models import Subscription  # noqa: E402
from digest.sending import send_digest_to  # noqa: E402


def main() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while Subscription.objects.filter(next_due_at__lte=timezone.now()).exists():
        due = list(Subscription.objects.due(timezone.now())[:40])
        random.shuffle(due)
        for subscription in due[:10]:
            send_digest_to(subscription, now=timezone.now())
        if not due:
            time.sleep(0.2)


if __name__ == "__main__":
    main()
