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
    "apps.llm.tasks.run_trial": {"queue": "steps"},
}
# Past replies that one business may look up; the oldest go first.
REPLIES_CAP = env.int("REPLIES_CAP", default=100_000)

# --- Mail -------------------------------------------------------------------------------------------------------------

# Every so many seconds a mailbox is looked into by IMAP; longer while it does not answer.
MAIL_POLL_SECONDS = env.float("MAIL_POLL_SECONDS", default=5.0)
# As often is looked into one whose server tells of new mail by itself (IMAP IDLE), should it ever keep silent.
MAIL_WATCHED_POLL_SECONDS = env.float("MAIL_WATCHED_POLL_SECONDS", default=60.0)
# Connections for that, one a mailbox; further mailboxes are looked into every MAIL_POLL_SECONDS.
MAIL_WATCHED_MOST = env.int("MAIL_WATCHED_MOST", default=200)
# Of a mailbox that is looked into for the first time: mail of so many days is taken in.
MAIL_FIRST_DAYS = env.int("MAIL_FIRST_DAYS", default=7)
# Authorities beside the usual ones by which certificates of mail servers are checked: a PEM file.
MAIL_CA_FILE = env("MAIL_CA_FILE", default="")
# Applications by which mailboxes sign in at Google and Microsoft 365 (OAuth 2), for businesses without their own.
MAIL_SIGN_IN_APPS = {
    "google": {
        "client_id": env("MAIL_GOOGLE_CLIENT_ID", default=""),
        "client_secret": env("MAIL_GOOGLE_CLIENT_SECRET", default=""),
    },
    "microsoft": {
        "client_id": env("MAIL_MICROSOFT_CLIENT_ID", default=""),
        "client_secret": env("MAIL_MICROSOFT_CLIENT_SECRET", default=""),
        "tenant": env("MAIL_MICROSOFT_TENANT", default="common"),
    },
}
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
# A batch or an import that a dead worker was at is taken up by another after so many seconds. Renewed with each piece.
KNOWLEDGE_LEASE_SECONDS = env.float("KNOWLEDGE_LEASE_SECONDS", default=60.0)
# Vectors kept for texts that may come again go when they were of no use for so many days, and the longest unused of a
# business that has more than so many: about 1.7 kB each at 384 numbers.
EMBEDDING_CACHE_DAYS = env.int("EMBEDDING_CACHE_DAYS", default=90)
EMBEDDING_CACHE_MOST = env.int("EMBEDDING_CACHE_MOST", default=200_000)
# Embedding batches and imports that ended go after so many days, with the vectors, and the files nobody resumed.
KNOWLEDGE_WORK_DAYS = env.int("KNOWLEDGE_WORK_DAYS", default=30)
