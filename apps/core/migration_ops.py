"""Migration operations for what belongs in the database itself: the row-level security of tenant tables."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

APP_ROLE = "gatehouse_app"
CURRENT_BUSINESS = "NULLIF(current_setting('gatehouse.business_id', true), '')::uuid"


class CreateAppRole(migrations.RunSQL):
    """Make the role that web and live processes act as: it owns nothing and is subject to row-level security."""

    reversible = True

    def __init__(self) -> None:
        super().__init__(
            sql=f"""
            -- The role is the server's, and another database may be migrated at this very moment.
            DO $$ BEGIN CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            GRANT {APP_ROLE} TO CURRENT_USER;
            GRANT USAGE ON SCHEMA public TO {APP_ROLE};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};
            GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE};
            """,
            # The role belongs to the whole server and other databases may use it, so it stays; its rights here go.
            reverse_sql=f"""
            ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {APP_ROLE};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {APP_ROLE};
            REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP_ROLE};
            REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {APP_ROLE};
            REVOKE USAGE ON SCHEMA public FROM {APP_ROLE};
            """,
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [], {})


class RowSecurity(migrations.operations.base.Operation):
    """Let a table's rows be seen and written only while their business is the current one.

    table: its name in the database. column: the uuid column that names the business. Rows that name no business
    (column null) belong to the installation: shared lets every business read them (defaults, say), unowned lets every
    business add them unseen (its events of accounts, say); who acts across businesses alone may do more.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, table: str, column: str = "business_id", *, shared: bool = False, unowned: bool = False) -> None:
        self.table = table
        self.column = column
        self.shared = shared
        self.unowned = unowned

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Row security is not part of the models' state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table, column = schema_editor.quote_name(self.table), schema_editor.quote_name(self.column)
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        mine = f"{column} = {CURRENT_BUSINESS}"
        policy = f"ON {table} FOR {{}} TO {APP_ROLE}"
        schema_editor.execute(
            f"CREATE POLICY of_current_business {policy.format('ALL')} USING ({mine}) WITH CHECK ({mine})"
        )
        if self.shared:
            schema_editor.execute(f"CREATE POLICY shared {policy.format('SELECT')} USING ({column} IS NULL)")
        if self.unowned:
            schema_editor.execute(f"CREATE POLICY unowned {policy.format('INSERT')} WITH CHECK ({column} IS NULL)")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table = schema_editor.quote_name(self.table)
        for name in ("of_current_business", "shared", "unowned"):
            schema_editor.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    def describe(self) -> str:
        return f"Show rows of {self.table} to their own business only"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.table}_row_security"


class RowSecurityThrough(RowSecurity):
    """Let a table's rows be seen and written only with the row they belong to.

    column: names that row, of the table `parent`. parent_column: of `parent`, names the business it must belong to;
    without it, whoever sees the parent sees them.
    """

    def __init__(self, table: str, column: str, parent: str, parent_column: str = "") -> None:
        super().__init__(table, column)
        self.parent = parent
        self.parent_column = parent_column

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table, column, parent = (schema_editor.quote_name(name) for name in (self.table, self.column, self.parent))
        owned = f" WHERE {schema_editor.quote_name(self.parent_column)} = {CURRENT_BUSINESS}"
        mine = f"{column} IN (SELECT id FROM {parent}{owned if self.parent_column else ''})"
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        schema_editor.execute(
            f"CREATE POLICY of_current_business ON {table} FOR ALL TO {APP_ROLE} USING ({mine}) WITH CHECK ({mine})"
        )
