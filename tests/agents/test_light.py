"""What is large and rarely used is not loaded by every process."""

import subprocess
import sys

CODE = """
import sys
import django
django.setup()
import config.urls
import apps.agents.using
print([name for name in ("mcp", "httpx2", "httpcore2", "openai", "uvicorn") if name in sys.modules])
"""


def test_a_web_process_loads_no_client_before_it_is_needed() -> None:
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.strip() == "[]"
