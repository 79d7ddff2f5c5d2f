import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models
from django.db.models import Q, Value
from django.db.models.functions import Replace

WAITING = Q(("state", "awaiting_approval"))


def vector(*parts):
    return models.GeneratedField(
        db_persist=True,
        expression=django.contrib.postgres.search.SearchVector(*parts, config="simple"),
        output_field=django.contrib.postgres.search.SearchVectorField(),
    )


NAMES = ("title", "why", "requested_by")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_searching")]

    # The indexes go with the column, in the database and so here.
    operations = [
        migrations.RemoveIndex("approvalrequest", "request_search"),
        migrations.RemoveIndex("approvalrequest", "request_search_decided"),
        migrations.RemoveField("approvalrequest", "search"),
        migrations.AddField(
            "approvalrequest", "search", vector(*(Replace(name, Value("-"), Value(" ")) for name in NAMES))
        ),
        migrations.AddIndex(
            "approvalrequest",
            django.contrib.postgres.indexes.GinIndex(fields=["search"], name="request_search", condition=WAITING),
        ),
        migrations.AddIndex(
            "approvalrequest",
            django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="request_search_decided", condition=~WAITING
            ),
        ),
    ]
