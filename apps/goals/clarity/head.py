"""The clarity head: how likely a goal can be begun without asking back, from its signals and themes.

head.json is written by `manage.py fit_gate`; docs/quality.md has its figures and what it was fitted on.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from apps.goals.heads import Head

FILE = Path(__file__).with_name("head.json")
SHIPPED = msgspec.json.decode(FILE.read_bytes(), type=Head)
