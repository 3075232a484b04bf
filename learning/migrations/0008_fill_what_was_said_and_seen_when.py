"""Notes of what is there already when it was said, and who first saw what customers say of it."""

from django.db import migrations
from django.db.models import Min, OuterRef, Subquery

BATCH = 20_000


def fill(apps, schema_editor):
    Attribution = apps.get_model("learning", "Attribution")
    FeedbackItem = apps.get_model("feedback", "FeedbackItem")
    ShipLook = apps.get_model("learning", "ShipLook")
    said_at = FeedbackItem.objects.filter(pk=OuterRef("feedback_id")).values("said_at")
    last = Attribution.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for start in range(0, last + 1, BATCH):
        Attribution.objects.filter(pk__gte=start, pk__lt=start + BATCH, is_best=True).update(
            said_at=Subquery(said_at[:1])
        )
    seen = (
        Attribution.objects.filter(
            is_best=True, deployment__isnull=False, feedback__seen_by__isnull=False
        )
        .values("deployment", "feedback__seen_by")
        .annotate(first=Min("feedback__seen_at"))
        .order_by()
    )
    ShipLook.objects.bulk_create(
        (
            ShipLook(
                deployment_id=row["deployment"],
                user_id=row["feedback__seen_by"],
                looked_at=row["first"],
            )
            for row in seen.iterator()
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("learning", "0007_findings_are_told_and_looks_noted"),
        ("feedback", "0007_file_what_is_alike_and_note_when_it_was_forgotten"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
