"""ACT: what a request cost: as the provider tells, by the price set on it, or by the bundled list of prices.

The list is genai-prices' own data as installed; its updater is never started, so nothing is fetched.
"""

from decimal import Decimal

from apps.llm.endpoints import Endpoint
from apps.llm.reading import CENTS
from apps.llm.responses import Tokens

_MILLION = 1_000_000
TOLD, OWN, LIST = "told", "own", "list"


def cost_of_request(endpoint: Endpoint, model: str, tokens: Tokens, told: Decimal | None) -> tuple[Decimal | None, str]:
    """(USD, who says so: told, own or list); (None, "") when nobody knows."""
    if told is not None:
        return told, TOLD
    if endpoint.has_price:
        return _by_own_price(endpoint, tokens), OWN
    listed = _by_list(endpoint.base_url, model, tokens)
    return (listed, LIST) if listed is not None else (None, "")


def _by_own_price(endpoint: Endpoint, tokens: Tokens) -> Decimal:
    read = endpoint.price_in or Decimal(0)
    cached = read if endpoint.price_cached is None else endpoint.price_cached
    written = endpoint.price_out or Decimal(0)
    usd = (tokens.read * read + tokens.cached * cached + tokens.written * written) / _MILLION
    return usd.quantize(CENTS)


def _by_list(base_url: str, model: str, tokens: Tokens) -> Decimal | None:
    """By the provider at this address, else by whoever makes a model of this name (gateways sell under their names)."""
    if not model:
        return None
    from genai_prices import Usage, calc_price

    # The list counts cached tokens among those of the input.
    used = Usage(
        input_tokens=tokens.read + tokens.cached,
        cache_read_tokens=tokens.cached or None,
        output_tokens=tokens.written or None,
    )
    for where in (base_url, None):
        for name in (model, model.rpartition("/")[2]):
            try:
                return calc_price(used, name, provider_api_url=where).total_price.quantize(CENTS)
            except (LookupError, ValueError, ArithmeticError):
                continue
    return None
