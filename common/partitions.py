"""Tables that PostgreSQL keeps in parts by time, so that what is old is dropped, not deleted.

Source: PostgreSQL 15 documentation, 5.11 "Table Partitioning". SQLite keeps the same rows in one
table.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class CreatePartitionedModel(migrations.CreateModel):
    """Creates a model's table; on PostgreSQL, one that is partitioned by ranges of `by`.

    The primary key gains that column, as PostgreSQL asks: ids come from a sequence and stay unique.
    A default partition takes what none of the others covers, so that no row is ever refused.
    """

    def __init__(self, *args: Any, by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return how this operation is written down."""
        name, args, kwargs = super().deconstruct()
        return name, list(args), {**kwargs, "by": self.by}

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the table."""
        model = to_state.apps.get_model(app_label, self.name)
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = schema_editor.quote_name(model._meta.db_table)
        pk, by = (schema_editor.quote_name(name) for name in (model._meta.pk.column, self.by))
        sql, params = schema_editor.table_sql(model)
        alone, both = "PRIMARY KEY ", f", PRIMARY KEY ({pk}, {by})) PARTITION BY RANGE ({by})"
        if sql.count(alone) != 1 or not sql.endswith(")"):
            raise ValueError(f"Cannot partition what is created by: {sql}")
        schema_editor.execute(sql.replace(alone, "")[:-1] + both, params or None)
        rest = schema_editor.quote_name(f"{model._meta.db_table}_rest")
        schema_editor.execute(f"CREATE TABLE {rest} PARTITION OF {table} DEFAULT")
        for index in model._meta.indexes:
            schema_editor.add_index(model, index)
