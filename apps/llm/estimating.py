"""RULE: about how many tokens a text has, where no vocabulary is at hand.

Fitted by eye to what byte-pair vocabularies of 100,000 to 200,000 pieces do: a common word is one piece, long words
and numbers several, and scripts other than Latin take more of them. docs/developer/models.md has the error.
"""

import re

MESSAGE = 4  # tokens around one message of a conversation
# Each match is one token: of a word every 8 letters or part of it, of a number every 3 digits, and so on.
_TOKENS = re.compile(
    r"[A-Za-z]{1,8}|[0-9]{1,3}|[\r\n]+|[ \t]{2,}|[\u00c0-\u058f\u1e00-\u1fff]{1,3}|[\u0590-\u109f\u1780-\u17ff]{1,2}"
    r"|[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]|[!-/:-@\[-`{-~]{1,2}|\S"
)
# What \S alone matched above, which are two.
_STRANGE = re.compile(
    r"[^\s!-~\u00c0-\u109f\u1100-\u11ff\u1780-\u17ff\u1e00-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)


def estimate(text: str) -> int:
    """Tokens, 0 for the empty text; in time linear in its length."""
    return len(_TOKENS.findall(text)) + len(_STRANGE.findall(text))
