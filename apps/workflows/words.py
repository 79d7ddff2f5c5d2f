"""RULE: words for people, as the database can keep them."""


def words(text: object, most: int = 500) -> str:
    """At most so many characters, without those that PostgreSQL cannot hold: null characters, lone surrogates."""
    return str(text).replace("\0", "")[:most].encode(errors="replace").decode()
