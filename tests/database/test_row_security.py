"""Row-level security, proven on the real database: what a business cannot see, it cannot see by any query."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.utils import DataError, InternalError
from django.utils import timezone

from apps.accounts.models import ApiKey, Business, Membership, User
from apps.accounts.row_access import across_businesses, acting_for, current_business_id
from apps.agents.models import Agent, Tool
from apps.alerts.models import Channel, Delivery
from apps.alerts.models import Notice as AlertNotice
from apps.approvals.models import ApprovalRequest, Decision, Notice, Policy, WebhookDelivery, WebhookEndpoint
from apps.core.events import record
from apps.core.migration_ops import APP_ROLE, RowSecurity
from apps.core.models import Event, KeptAnswer
from apps.drafts.models import (
    BackfillRun,
    Draft,
    DraftSettings,
    DraftVersion,
    IntentTool,
    MailApp,
    Mailbox,
    MailGrant,
    MaintenanceRun,
    Message,
    Redaction,
    Sending,
    Thread,
)
from apps.goals.models import GateCurve, GateError, GateSettings, Goal
from apps.knowledge.indexing import index_document
from apps.knowledge.models import (
    BatchText,
    CacheDay,
    CachedVector,
    Collection,
    EmbeddingBatch,
    EmbeddingModel,
    FileImport,
    Reembedding,
    Term,
)
from apps.llm.models import Provider, Trial, Usage
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import BusinessSettings, Feature, HeldBack, PilotBusiness, Rollback, RolledBack
from apps.trust.models import (
    Buffered,
    CountedDay,
    DailyTally,
    Delta,
    GroupTally,
    KeptEvidence,
    LearningCycle,
    Outcome,
    Pattern,
    PatternEvent,
    Recommendation,
    TrustDay,
    TrustScore,
    TrustSettings,
)
from apps.tuning.models import AuditShare, CurveVersion, ReviewedGoal
from apps.watch.models import Alert, Slice, TargetBand
from apps.workflows.models import Run, Stage, Step, Workflow, WorkflowVersion

pytestmark = pytest.mark.django_db


def tenant_tables() -> dict[str, str]:
    """Every table with a column that names the business, whichever model it comes from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'business_id'"
        )
        return {**dict(cursor.fetchall()), "accounts_business": "id"}


def a_row_in_every_table(business: Business, user: User) -> None:
    """One row of each tenant model for this business."""
    now = timezone.now()
    Membership.objects.get_or_create(business=business, user=user)
    ApiKey.objects.create(business=business, name="key", prefix=str(business.pk)[-12:], digest="0" * 64)
    agent = Agent.objects.create(business=business, key="agent", name="Agent", url="https://example.com", secret="x")
    a_run_and_what_was_learned(business, agent)
    knowledge_that_is_worked_on(business)
    a_provider_and_its_use(business)
    Tool.objects.create(business=business, name="tool", description="A tool")
    a_draft_on_its_way(business)
    Policy.objects.create(business=business, kind="goal")
    GateSettings.objects.create(business=business, high=0.9, medium=0.5)
    GateCurve.objects.create(business=business, kind="", version=business.pk, points=[[0, 0], [1, 1]])
    AuditShare.objects.create(business=business, share=0.1)
    goal = Goal.objects.create(
        business=business, text="Restock the shelf", state="waiting", approval_state="awaiting_approval"
    )
    ReviewedGoal.objects.create(
        goal=goal, business=business, raw_confidence=0.8, confidence=0.8, stopped=False, outcome="approved",
        right=True, source="decision", weight=1, decided_at=now,
    )  # fmt: skip
    CurveVersion.objects.create(
        business=business, number=1, points=[[0, 0], [1, 1]], method="platt", labels=1, right=1, effective=1, share=0,
        newest_label_at=now, brier_before=[], brier_after=[], ece_before=[], ece_after=[], accepted=False, reason="",
        fitted_by="user:a",
    )  # fmt: skip
    BusinessSettings.objects.create(business=business)
    feature = Feature.objects.create(key=f"feature-{business.pk}", variants=ON_OFF, home=business)
    PilotBusiness.objects.create(business=business, feature=feature, enabled_at=now, enabled_by="user:a")
    HeldBack.objects.create(business=business, feature=feature, held_at=now, held_by="user:a")
    rollback = Rollback.objects.create(
        feature=feature, level="everything", reason="slow", actor="user:a", at=now, affected=1, took_ms=1
    )
    RolledBack.objects.create(rollback=rollback, business=business, was_listed=True)
    GateError.objects.create(business=business, at=now, stage="read", error="ZeroDivisionError")
    TargetBand.objects.create(business=business, figure="approval_rate", low=0.1)
    Alert.objects.create(
        business=business, figure="approval_rate", opened_at=now, window_minutes=60, value=0.5, low=0.4, high=0.6, n=99
    )
    Slice.objects.create(business=business, start=now)
    channel = Channel.objects.create(business=business, kind="slack", name="#alerts", secret="x")
    notice = AlertNotice.objects.create(
        business=business, source="watch", severity="error", title="Out of band", dedup_key="k", opened_at=now
    )
    Delivery.objects.create(business=business, notice=notice, channel=channel, action="trigger", next_attempt_at=now)
    request = ApprovalRequest.objects.create(
        business=business, kind="goal", subject_id=goal.pk, title="Restock", payload={}, payload_hash="0" * 64,
        on_timeout="escalate", escalate_to="admin", deadline=now,
    )  # fmt: skip
    Decision.objects.create(business=business, request=request, user=user, actor="user:a", verdict="approve")
    Notice.objects.create(business=business, request=request, kind="reminder", role="reviewer", next_attempt_at=now)
    endpoint = WebhookEndpoint.objects.create(business=business, url="https://example.com", secret="x")
    WebhookDelivery.objects.create(
        business=business, endpoint=endpoint, event_id=goal.pk, kind="goal.submitted", body={}, next_attempt_at=now
    )
    KeptAnswer.objects.create(business_id=business.pk, key="k", fingerprint="0" * 64, status=200, body={})
    with transaction.atomic():
        record(kind="goal.submitted", subject_type="goal", subject_id=goal.pk, business_id=business.pk, actor="user:a")


def a_provider_and_its_use(business: Business) -> None:
    provider = Provider.objects.create(business=business, name="House", base_url="https://llm.example/v1", model="m")
    Usage.objects.create(
        business=business, at=timezone.now(), call=business.pk, purpose="draft", provider_id=provider.pk,
        provider=provider.name, model="m",
    )  # fmt: skip
    Trial.objects.create(
        business=business, provider_id=provider.pk, state="asked", asked_by="user:a", asked_at=timezone.now()
    )


def a_draft_on_its_way(business: Business) -> None:
    now = timezone.now()
    mailbox = Mailbox.objects.create(business=business, address="hello@example.com")
    MailGrant.objects.create(
        business=business, mailbox=mailbox, client_id="c", renew_after=now, expires_at=now, given_at=now, renewed_at=now
    )
    MailApp.objects.create(business=business, provider="other", client_id="c", token_url="https://a.example/")
    thread = Thread.objects.create(business=business, mailbox=mailbox, last_message_at=now)
    message = Message.objects.create(
        business=business, mailbox=mailbox, thread=thread, direction="in", source="imap", message_id="a@b",
        digest="0" * 64, received_at=now,
    )  # fmt: skip
    draft = Draft.objects.create(business=business, thread=thread, message=message)
    DraftVersion.objects.create(business=business, draft=draft, number=1, made_by="template", body="Hello")
    Redaction.objects.create(business=business, draft=draft, place="draft", kind="card", masked="[card]", sealed="x")
    Sending.objects.create(
        business=business, draft=draft, mailbox=mailbox, message_id=f"{draft.pk}@b", recipients=[], mime="x"
    )
    DraftSettings.objects.create(business=business)
    tool = Tool.objects.get(business=business)
    IntentTool.objects.create(business=business, intent="ORDER", tool=tool)
    BackfillRun.objects.create(business=business, days=90, since=now)
    MaintenanceRun.objects.create(business=business, day=now.date())


def knowledge_that_is_worked_on(business: Business) -> None:
    today = timezone.now().date()
    place, _ = Collection.objects.get_or_create(business=business, key="help", defaults={"name": "Help"})
    index_document(business_id=business.pk, collection="help", key="k", title="Help", text="How to get help.")
    Term.objects.create(business=business, lexeme="help", chunks=1)
    model = EmbeddingModel.objects.get(key="all-MiniLM-L6-v2")
    Reembedding.objects.create(business=business, model=model, before=model, asked_by="user:a")
    batch = EmbeddingBatch.objects.create(business=business, model="m", total=1, asked_by="user:a")
    BatchText.objects.create(business=business, batch=batch, position=0, text="text")
    FileImport.objects.create(business=business, collection=place, name="a.md", size=1, asked_by="user:a")
    CachedVector.objects.create(business=business, model="m", digest="0" * 32, vector=b"", used_on=today)
    CacheDay.objects.create(business=business, day=today)


def a_run_and_what_was_learned(business: Business, agent: Agent) -> None:
    now = timezone.now()
    workflow = Workflow.objects.create(business=business, key="review", name="Review", pattern="code_review")
    WorkflowVersion.objects.create(business=business, workflow=workflow, number=1, config={}, made_by="user:a")
    run = Run.objects.create(
        business=business, workflow=workflow, pattern="code_review", title="Review", correlation_id="c", key="k",
        started_by="user:a",
    )  # fmt: skip
    stage = Stage.objects.create(business=business, run=run, position=1, key="read", name="Read", rule="all")
    Step.objects.create(business=business, run=run, stage=stage, key="read/a", kind="agent", does="a", run_after=now)
    Buffered.objects.create(business=business, facts={})
    recommendation = Recommendation.objects.create(
        business=business, agent=agent, type="read", correlation_id="c", created_at=now
    )
    Outcome.objects.create(
        business=business, recommendation=recommendation, source="approval", verdict="approved", value=1,
        judged_by="user:a", judged_at=now,
    )  # fmt: skip
    DailyTally.objects.create(business=business, agent=agent, type="read", day=now.date())
    Delta.objects.create(business=business, agent=agent, type="read", day=now.date())
    CountedDay.objects.create(business=business, day=now.date())
    GroupTally.objects.create(
        business=business, day=now.date(), category="consensus", type="read", place=2, agents=[agent.pk], seen=1,
        trials=1, successes=1, squares=1,
    )  # fmt: skip
    TrustScore.objects.create(
        business=business, agent=agent, type="read", overall=0.5, low=0.2, high=0.8, accuracy=0.5, consistency=0.5,
        timeliness=0.5, reliability=0.5, effective_n=1, enough=False, computed_at=now,
    )  # fmt: skip
    TrustDay.objects.create(
        business=business, agent=agent, day=now.date(), overall=0.5, low=0.2, high=0.8, effective_n=1, enough=False
    )
    pattern = Pattern.objects.create(
        business=business, key="k", category="expert", name="A", trials=9, successes=9, rate=1, low=0.8, high=1,
        base_rate=0.5, q_value=0.01, strength="strong", found_at=now,
    )  # fmt: skip
    PatternEvent.objects.create(business=business, pattern=pattern, what="found", rate=1, trials=9, at=now)
    TrustSettings.objects.create(business=business)
    KeptEvidence.objects.create(business=business)
    LearningCycle.objects.create(business=business, kind="full", started_by="user:a", started_at=now, seen_at=now)


@pytest.fixture
def two_shops(shop: Business, other_shop: Business, alice: User, mallory: User) -> tuple[Business, Business]:
    a_row_in_every_table(shop, alice)
    a_row_in_every_table(other_shop, mallory)
    return shop, other_shop


def rows_by_business(table: str, column: str) -> dict[UUID | None, int]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}", count(*) FROM "{table}" GROUP BY 1')
        return dict(cursor.fetchall())


@pytest.fixture
def as_the_web() -> Iterator[None]:
    """The role of web processes, with no business chosen yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        yield
        cursor.execute("RESET ROLE")


def test_every_table_that_names_a_business_is_under_row_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
            " WHERE c.relrowsecurity AND p.polname = 'of_current_business'"
        )
        secured = {row[0] for row in cursor.fetchall()}
    assert set(tenant_tables()) - secured == set(), "add RowSecurity(...) to a migration of the app"


def test_every_tenant_model_is_in_the_rows_these_tests_make(two_shops: tuple[Business, Business]) -> None:
    missing = [
        table for table, column in tenant_tables().items() if two_shops[0].pk not in rows_by_business(table, column)
    ]
    assert missing == [], "add a row of the new model to a_row_in_every_table"


def test_it_shows_only_the_rows_of_the_current_business(two_shops: tuple[Business, Business]) -> None:
    shop, other = two_shops
    for table, column in tenant_tables().items():
        with acting_for(shop.pk):
            assert set(rows_by_business(table, column)) == {shop.pk}, table
        with acting_for(other.pk):
            assert set(rows_by_business(table, column)) == {other.pk}, table


def test_it_shows_nothing_where_no_business_is_current(two_shops: tuple[Business, Business], as_the_web: None) -> None:
    seen = {table: rows_by_business(table, column) for table, column in tenant_tables().items()}
    assert {table: rows for table, rows in seen.items() if rows} == {}


@pytest.mark.parametrize("value", ["", "00000000-0000-0000-0000-000000000000"])
def test_it_shows_nothing_for_a_business_that_is_none(two_shops: object, as_the_web: None, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gatehouse.business_id', %s, true)", [value])
    assert rows_by_business("goals_goal", "business_id") == {}


def test_it_refuses_a_business_that_is_no_id(two_shops: object, as_the_web: None) -> None:
    with pytest.raises(DataError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gatehouse.business_id', 'x'' OR true', true)")
        cursor.execute("SELECT count(*) FROM goals_goal")


def test_it_neither_changes_nor_deletes_rows_of_another_business(two_shops: tuple[Business, Business]) -> None:
    shop, other = two_shops
    with acting_for(shop.pk), connection.cursor() as cursor:
        for table, column in tenant_tables().items():
            if table in ("core_event", "approvals_decision"):
                continue
            cursor.execute(f'UPDATE "{table}" SET "{column}" = "{column}" WHERE "{column}" = %s', [other.pk])
            assert cursor.rowcount == 0, table
            cursor.execute(f'DELETE FROM "{table}" WHERE "{column}" = %s', [other.pk])
            assert cursor.rowcount == 0, table
    assert Goal.objects.filter(business=other).count() == 1


def test_it_refuses_a_row_for_another_business(two_shops: tuple[Business, Business]) -> None:
    shop, other = two_shops
    with pytest.raises(ProgrammingError, match="row-level security"), acting_for(shop.pk):
        Tool.objects.create(business=other, name="smuggled", description="A tool")
    with pytest.raises(ProgrammingError, match="row-level security"), acting_for(shop.pk):
        Tool.objects.update(business=other)


def test_it_lets_a_business_read_shared_rows_and_not_write_them(two_shops: tuple[Business, Business]) -> None:
    shop, _ = two_shops
    Feature.objects.create(key="for-all", variants=ON_OFF)
    with acting_for(shop.pk):
        found = Feature.objects.filter(home=None, key="for-all")
        assert found.count() == 1
        assert found.update(share=100) == 0
        assert found.delete()[0] == 0
    with pytest.raises(ProgrammingError, match="row-level security"), acting_for(shop.pk):
        Feature.objects.create(key="smuggled", variants=ON_OFF)


def test_it_takes_events_of_the_installation_and_shows_them_to_no_business(shop: Business) -> None:
    with acting_for(shop.pk):
        record(kind="user.password_set", subject_type="user", subject_id="1", business_id=None, actor="user:a")
        assert not Event.objects.exists()
        with across_businesses():
            assert Event.objects.filter(business_id=None).count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE goals_goal CASCADE",
        "ALTER TABLE goals_goal DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE core_event DISABLE TRIGGER ALL",
        "DROP POLICY of_current_business ON goals_goal",
        "CREATE POLICY everything ON goals_goal USING (true)",
        "DROP TABLE goals_goal CASCADE",
        "CREATE TABLE loot (id int)",
        f"ALTER ROLE {APP_ROLE} BYPASSRLS",
        "SET session_replication_role = replica",
    ],
)
def test_the_role_of_web_processes_cannot_weaken_the_rules(shop: Business, statement: str) -> None:
    with pytest.raises(ProgrammingError), acting_for(shop.pk), connection.cursor() as cursor:
        cursor.execute(statement)


def test_nested_blocks_put_back_what_they_found(two_shops: tuple[Business, Business]) -> None:
    shop, other = two_shops
    with acting_for(shop.pk):
        with acting_for(other.pk):
            assert current_business_id() == other.pk
            assert Goal.objects.get().business_id == other.pk
        assert current_business_id() == shop.pk
        assert Goal.objects.get().business_id == shop.pk
        with across_businesses():
            assert Goal.objects.count() == 2
            assert current_business_id() is None
        assert Goal.objects.get().business_id == shop.pk
    assert current_business_id() is None
    assert Goal.objects.count() == 2


@pytest.mark.parametrize("deep", [False, True])
def test_an_error_inside_a_block_leaves_what_was_before(two_shops: tuple[Business, Business], deep: bool) -> None:
    shop, other = two_shops
    with acting_for(shop.pk):
        with pytest.raises(IntegrityError), acting_for(other.pk):
            if deep:
                with transaction.atomic():
                    Tool.objects.create(business=other, name="tool", description="the name is taken")
            Tool.objects.create(business=other, name="tool", description="the name is taken")
        assert current_business_id() == shop.pk
        assert Goal.objects.get().business_id == shop.pk
    assert Goal.objects.count() == 2


def test_a_block_that_is_rolled_back_without_an_error_leaves_what_was_before(
    two_shops: tuple[Business, Business],
) -> None:
    shop, other = two_shops
    with acting_for(shop.pk):
        with acting_for(other.pk):
            Tool.objects.create(business=other, name="second", description="not to stay")
            transaction.set_rollback(True)
        assert Goal.objects.get().business_id == shop.pk
    assert Tool.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_block_stays_on_the_connection(shop: Business) -> None:
    def state() -> tuple[str, str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('gatehouse.business_id', true)")
            user, business = cursor.fetchone()
            return user, business or ""

    before = state()
    with acting_for(shop.pk):
        assert state() == (APP_ROLE, str(shop.pk))
    assert state() == before
    with pytest.raises(ZeroDivisionError), acting_for(shop.pk):
        raise ZeroDivisionError
    assert state() == before
    with pytest.raises(InternalError), acting_for(shop.pk), connection.cursor() as cursor:
        try:
            cursor.execute("SELECT 1 / 0")
        except DataError:
            cursor.execute("SELECT 1")
    assert state() == before


@pytest.mark.django_db(transaction=True)
def test_a_pooled_connection_comes_back_clean(shop: Business) -> None:
    from psycopg_pool import ConnectionPool

    parameters = {
        k: v for k, v in connection.get_connection_params().items() if k in ("dbname", "user", "host", "port")
    }
    with ConnectionPool(kwargs=parameters, min_size=1, max_size=1) as pool:
        for outcome in ("commit", "rollback"):
            with pool.connection() as raw:
                raw.execute(
                    "SELECT set_config('role', %s, true), set_config('gatehouse.business_id', %s, true)",
                    [APP_ROLE, str(shop.pk)],
                )
                assert raw.execute("SELECT count(*) FROM accounts_business").fetchone() == (1,)
                if outcome == "rollback":
                    raw.rollback()
            with pool.connection() as raw:
                row = raw.execute("SELECT current_user, current_setting('gatehouse.business_id', true)").fetchone()
                assert row is not None and row[0] != APP_ROLE and not row[1]


def test_the_operation_can_be_taken_back_and_done_again() -> None:
    operation = RowSecurity("agents_tool", shared=True)
    state = apps.get_app_config("agents")
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("agents", editor, state, state)
        assert "agents_tool" not in secured_tables()
        operation.database_forwards("agents", editor, state, state)
    assert "agents_tool" in secured_tables()


def secured_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        return {row[0] for row in cursor.fetchall()}


def test_the_app_role_is_neither_owner_nor_exempt() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = %s", [APP_ROLE])
        assert cursor.fetchone() == (False, False, False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = %s", [APP_ROLE])
        assert cursor.fetchone() == (0,)


def test_another_session_does_not_inherit_the_business(two_shops: tuple[Business, Business]) -> None:
    parameters = connection.get_connection_params()
    with (
        acting_for(two_shops[0].pk),
        psycopg.connect(**{k: v for k, v in parameters.items() if k in ("dbname", "user", "host", "port")}) as raw,
    ):
        row = raw.execute("SELECT current_setting('gatehouse.business_id', true)").fetchone()
        assert row is not None and not row[0]


def test_functions_that_run_as_their_owner_cannot_be_led_astray() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE prosecdef AND nspname = 'public'"
        )
        functions = dict(cursor.fetchall())
    astray = [name for name, options in functions.items() if "search_path=public, pg_temp" not in (options or [])]
    assert functions and astray == [], "a temporary table must not stand before ours in the search path"


def test_a_temporary_table_makes_nobody_a_superuser(shop: Business, alice: User, other_shop: Business) -> None:
    with acting_for(shop.pk), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE accounts_user (id uuid, is_superuser bool)")
        cursor.execute("INSERT INTO accounts_user VALUES (%s, true)", [alice.pk])
        cursor.execute("SELECT business_id FROM accounts_seats_of(%s)", [alice.pk])
        assert cursor.fetchall() == [(shop.pk,)]
        cursor.execute("DROP TABLE pg_temp.accounts_user")
