"""How the tests of OFREP ask."""

import json
from typing import Any

from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.roles import Scope
from apps.pilots.defining import create_feature
from apps.pilots.models import Feature

BULK = "/ofrep/v1/evaluate/flags"
ACTOR = "user:root@example.com"
PROBLEM = "application/problem+json"


def make(key: str, home: Business | None, **given: Any) -> Feature:
    return create_feature(key=key, home_id=home.pk if home else None, actor=ACTOR, **given)


def body_of(targeting_key: Any = None, **attributes: Any) -> str:
    return json.dumps({"context": {"targetingKey": str(targeting_key), **attributes}})


def ask(client: APIClient, key: str, targeting_key: Any, **more: Any) -> Any:
    return client.post(f"{BULK}/{key}", body_of(targeting_key), content_type="application/json", **more)


def ask_all(client: APIClient, targeting_key: Any, **more: Any) -> Any:
    return client.post(BULK, body_of(targeting_key), content_type="application/json", **more)


def send(client: APIClient, path: str, body: bytes | str, **more: Any) -> Any:
    return client.post(path, body, content_type="application/json", **more)


def key_of(business: Business, *scopes: str, **limits: Any) -> str:
    return issue_key(business=business, name="program", scopes=scopes or [Scope.FLAGS_EVALUATE], by=None, **limits)[1]
