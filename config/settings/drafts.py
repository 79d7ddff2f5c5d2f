"""Models, knowledge and e-mail drafts: what of them an installation sets."""

import environ

from config.settings.agents import CELERY_TASK_ROUTES as _ROUTES

env = environ.Env()

# --- Retrieval and drafts ---------------------------------------------------------------------------------------------

# A draft is made without past replies rather than wait longer for them, in seconds.
RETRIEVAL_SECONDS = env.float("RETRIEVAL_SECONDS", default=2.0)
# All tools that bring facts for one draft, together, and the model that writes it; in seconds.
DRAFT_TOOL_SECONDS = env.float("DRAFT_TOOL_SECONDS", default=15.0)
DRAFT_MODEL_SECONDS = env.float("DRAFT_MODEL_SECONDS", default=30.0)

# Drafts wait for tools and models most of their time, as steps do, and mail for mail servers.
CELERY_TASK_ROUTES = {
    **_ROUTES,
    "apps.drafts.tasks.make_draft": {"queue": "steps"},
    "apps.drafts.tasks.send_mail": {"queue": "steps"},
    "apps.drafts.tasks.file_mail": {"queue": "steps"},
    "apps.drafts.tasks.fetch_mailbox": {"queue": "steps"},
}
# Past replies that one business may look up; the oldest go first.
REPLIES_CAP = env.int("REPLIES_CAP", default=100_000)

# --- Mail -------------------------------------------------------------------------------------------------------------

# Every so many seconds a mailbox is looked into by IMAP; longer while it does not answer.
MAIL_POLL_SECONDS = env.float("MAIL_POLL_SECONDS", default=5.0)
# Of a mailbox that is looked into for the first time: mail of so many days is taken in.
MAIL_FIRST_DAYS = env.int("MAIL_FIRST_DAYS", default=7)
# Authorities beside the usual ones by which certificates of mail servers are checked: a PEM file.
MAIL_CA_FILE = env("MAIL_CA_FILE", default="")
# A session with a mail server to hand over one mail is cut after so many seconds; a worker that died is taken over from
# after twice as many.
MAIL_SESSION_SECONDS = env.float("MAIL_SESSION_SECONDS", default=120.0)
# A mailbox that a dead process was looking into is looked into again after so many seconds. Renewed with each mail.
MAIL_LEASE_SECONDS = env.float("MAIL_LEASE_SECONDS", default=60.0)

# The embedding model that new businesses begin with; empty: the built-in one.
EMBEDDING_MODEL = env("EMBEDDING_MODEL", default="")
# A business with so many passages gets a partition and an index of its own (docs/developer/search.md).
KNOWLEDGE_OWN_SHELF = env.int("KNOWLEDGE_OWN_SHELF", default=5000)
# What PostgreSQL may use to build such an index: about 1.5 kB a passage keep it in memory.
KNOWLEDGE_INDEX_MEMORY = env("KNOWLEDGE_INDEX_MEMORY", default="256MB")
