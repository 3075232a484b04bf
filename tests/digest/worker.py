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
from digest.tasks import AT_ONCE, send_some_digests  # noqa: E402


def main() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while Subscription.objects.filter(next_due_at__lte=timezone.now()).exists():
        due = Subscription.objects.due(timezone.now()).order_by("rhythm", "next_due_at", "pk")
        keys = list(due.values_list("pk", flat=True)[: 8 * AT_ONCE])
        first = random.randrange(max(1, len(keys) - AT_ONCE))
        send_some_digests(subscription_ids=keys[first : first + AT_ONCE])
        if not keys:
            time.sleep(0.2)


if __name__ == "__main__":
    main()
