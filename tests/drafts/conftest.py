"""The world of drafts: a mailbox, the shop's servers."""

from collections.abc import Iterator

import pytest

from apps.accounts.models import Business
from apps.drafts.models import Mailbox
from tests.drafts.letters import Outside, outside_server
from tests.drafts.mail_servers import Imap, Smtp, connected, imap_server, smtp_server


@pytest.fixture
def world() -> Iterator[Outside]:
    """A server outside of Gatehouse with the shop's tools and a model, which can be told to misbehave."""
    with outside_server() as told:
        yield told


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    """A mail server to send by, which can be told to misbehave."""
    with smtp_server() as running:
        yield running


@pytest.fixture(scope="module")
def imap() -> Iterator[Imap]:
    """A mail server to fetch from."""
    with imap_server() as running:
        yield running


@pytest.fixture
def sending_mailbox(in_shop: Business, smtp: Smtp) -> Mailbox:
    """Of the shop; its replies go to `smtp`."""
    return connected(in_shop, smtp=smtp)
