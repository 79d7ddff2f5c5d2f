"""RULE: what a failure of a provider is about, and what a person can do about it."""

from dataclasses import dataclass

from apps.llm.responses import About, Why

_LOOKED_AT = 20_000  # bytes of a refusal
_NO_CREDIT = (b"insufficient_quota", b"insufficient balance", b"billing", b"credit")
_NO_MODEL = (
    b"not found",
    b"not_found",
    b"not exist",
    b"unknown",
    b"invalid",
    b"unsupported",
    b"no such",
    b"not available",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed. error: as it is told elsewhere. wait: seconds it asked for."""

    why: Why
    error: str
    about: About = About.NOTHING
    status: int = 0
    wait: float | None = None
    model: str = ""
    has_key: bool = False


def about_refusal(status: int, said: bytes) -> About:
    """What a refusal is about, by its status and its words; they are looked at and not kept."""
    lowered = said[:_LOOKED_AT].lower()
    if status == 402 or (status in (403, 429) and any(word in lowered for word in _NO_CREDIT)):
        return About.CREDIT
    if status == 401 or (status in (400, 403) and b"api key" in lowered):
        return About.KEY
    if status in (400, 403, 404, 422) and b"model" in lowered and any(word in lowered for word in _NO_MODEL):
        return About.MODEL
    return About.NOTHING


def advice(failure: Failure) -> str:
    """One or two sentences for whoever set the provider up, without a full stop. They repeat nothing it said."""
    if failure.about in _BY_SUBJECT:
        return _BY_SUBJECT[failure.about](failure)
    if failure.why is Why.STATUS:
        return _by_status(failure)
    more = _BY_REASON.get(failure.why, "")
    return f"{failure.error}. {more}" if more else failure.error


def _key(failure: Failure) -> str:
    if failure.has_key:
        return f"Its key is refused ({failure.status}): wrong, expired or taken back. Enter it anew"
    return f"It wants a key ({failure.status}), and none is set"


def _by_status(failure: Failure) -> str:
    status = failure.status
    if status < 400:
        return f"It sends us elsewhere ({status}), which is not followed. Enter the address it really has"
    if status == 404:
        return f"Nothing answers there ({status}). The address goes up to and with /v1, without /chat/completions"
    if status == 403:
        return f"It refuses us ({status}). The key may not use this model, or our address is not let in"
    if status == 405:
        return f"It takes no such request ({status}). The address is probably not that of its API"
    if status == 429:
        wait = f"for {failure.wait:.0f} s" if failure.wait else "a little"
        return f"It is asked too often now ({status}). Wait {wait} and test again; its key and address are right"
    if status >= 500:
        return f"It has trouble of its own ({status}). Its address was found; test again later"
    return f"It does not take the request ({status}). Its model or its extra headers may be wrong"


_BY_SUBJECT = {
    About.KEY: _key,
    About.MODEL: lambda failure: f"It has no model called {failure.model}, or not for this key ({failure.status})",
    About.CREDIT: lambda failure: f"Its key is known, but there is no credit left on the account ({failure.status})",
    About.HOST: lambda failure: "The name in its address cannot be found. Look for a typing error",
    About.NOBODY: lambda failure: "Nothing answers at this host and port. Is it running, and is the port right?",
    About.TLS: lambda failure: "No secure connection: its certificate is not trusted here, or it speaks plain http",
}
_BY_REASON = {
    Why.TIMEOUT: "It is slow, still loads its model, or a firewall swallows what is sent. It may be given more seconds",
    Why.BAD_ANSWER: "Something else than an OpenAI-compatible API answers there: look at its address",
    Why.TOO_LARGE: "Something else than an OpenAI-compatible API answers there: look at its address",
    Why.REFUSED: "The operator can allow a network of your own (OUTBOUND_ALLOWED_NETWORKS)",
    Why.SEALED: "Enter the key anew",
}
