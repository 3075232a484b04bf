from django.db import migrations
from django.db.models import Max, Min

from common.windows import days_by_month


def mark_all(apps, schema_editor):
    """Note that no sample is rolled up yet: the work is done later, in small turns."""
    Sample = apps.get_model("engagement", "MetricSample")
    Due = apps.get_model("engagement", "RollupDue")
    # One metric after the other: its first and last sample are the two ends of an index.
    for metric_id in apps.get_model("engagement", "Metric").objects.values_list("pk", flat=True):
        ends = Sample.objects.filter(metric=metric_id).aggregate(Min("taken_at"), Max("taken_at"))
        first, last = ends["taken_at__min"], ends["taken_at__max"]
        if first is None:
            continue
        Due.objects.bulk_create(
            Due(metric_id=metric_id, month=month, since=days.start, until=days.end)
            for month, days in days_by_month(first, last)
        )


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0007_rollups_are_due'),
    ]

    operations = [migrations.RunPython(mark_all, migrations.RunPython.noop)]
