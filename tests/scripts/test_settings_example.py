"""Every setting that can be set is in .env.example."""

import re

from scripts.supervision import ROOT

READ = re.compile(r"""env(?:\.[a-z_]+)?\(\s*["']([A-Z][A-Z0-9_]+)["']""")


def test_every_setting_read_from_the_environment_is_in_the_example_file() -> None:
    read = {name for path in (ROOT / "config").rglob("*.py") for name in READ.findall(path.read_text())}
    shown = set(re.findall(r"^# ([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read - shown == set()
    # What programs beside the settings read: the Makefile, tiktoken.
    assert shown - read <= {"GATEHOUSE_PORT", "TIKTOKEN_CACHE_DIR"}
