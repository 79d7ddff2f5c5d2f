"""The house rules that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [p for p in (ROOT / "apps").rglob("*.py") if "migrations" not in p.parts]
LONGEST_FILE = 300


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_stays_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    if path.name not in ("__init__.py", "apps.py"):
        assert ast.get_docstring(ast.parse(text)), "a module says in one line what it is"


def test_every_app_has_its_page() -> None:
    apps = {p.parent.name for p in (ROOT / "apps").glob("*/apps.py")}
    assert apps == {p.parent.name for p in (ROOT / "apps").glob("*/README.md")}


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_setting_from_the_environment_is_listed() -> None:
    listed = (ROOT / ".env.example").read_text()
    for path in (ROOT / "config" / "settings").glob("*.py"):
        for name in re.findall(r'env(?:\.\w+)?\(\s*"([A-Z0-9_]+)"', path.read_text()):
            assert name in listed, f"{name} of {path.name} is not in .env.example"


def test_mails_written_to_files_go_where_the_data_is():
    from config.settings import base

    assert base.EMAIL_CONFIG["EMAIL_FILE_PATH"].startswith("/")
