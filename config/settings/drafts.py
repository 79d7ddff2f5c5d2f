"""Models, knowledge and e-mail drafts: what of them an installation sets."""

import environ

env = environ.Env()

# --- Retrieval and drafts ---------------------------------------------------------------------------------------------

# A draft is made without past replies rather than wait longer for them, in seconds.
RETRIEVAL_SECONDS = env.float("RETRIEVAL_SECONDS", default=2.0)
