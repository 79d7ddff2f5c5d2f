"""Log lines as JSON objects for production."""

import structlog

add_level = structlog.stdlib.add_log_level
add_time = structlog.processors.TimeStamper(fmt="iso", utc=True)
render = structlog.processors.JSONRenderer()
