"""RULE: what a program says to sign in with an access token: XOAUTH2, as Google and Microsoft have it, and RFC 7628."""

from collections.abc import Callable, Iterable

XOAUTH2, OAUTHBEARER = "XOAUTH2", "OAUTHBEARER"


def mechanism_of(offered: Iterable[str]) -> str | None:
    """Which of the two to use, of what a server offers; None when it offers neither."""
    known = {one.upper().removeprefix("AUTH=") for one in offered}
    return next((one for one in (XOAUTH2, OAUTHBEARER) if one in known), None)


def first_words(mechanism: str, *, user: str, token: str, host: str, port: int) -> str:
    """The initial response, before base64. Raises ValueError for a name that would end a field early."""
    if "\x01" in user or "\x01" in token:
        raise ValueError("A name or token must not contain control characters")
    if mechanism == XOAUTH2:
        return f"user={user}\x01auth=Bearer {token}\x01\x01"
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01"


def talk(mechanism: str, first: str) -> Callable[[bytes | None], str]:
    """What to answer to each challenge. A second one tells why it was refused, and wants only to be acknowledged."""
    said = False

    def answer(challenge: bytes | None = None) -> str:
        nonlocal said
        if not said:
            said = True
            return first
        return "" if mechanism == XOAUTH2 else "\x01"

    return answer
