import datetime

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('learning', '0005_placebos_reruns_tags'),
    ]

    operations = [
        migrations.AddField(
            model_name='phrase',
            name='about_count',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='phrase',
            name='window',
            field=models.DurationField(default=datetime.timedelta(days=7)),
            preserve_default=False,
        ),
    ]
