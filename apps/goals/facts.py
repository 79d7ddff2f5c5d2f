"""What the rules know about one goal: prepared once, then judged without looking at the text again.

`preparing.prepare_facts` fills these records; the rules read nothing else. All scores are in [0, 1].
"""

from __future__ import annotations

import msgspec

from apps.goals.vocabulary import Kind


class ParameterFact(msgspec.Struct, frozen=True, gc=False):
    """A value that a fitting tool requires, and what was found for it.

    `supplied` is how sure we are that goal, context or history gives the value; `evidence` says what does, "" if
    nothing. `in_context` is True when it is given under its own name beside the goal.
    """

    tool: str
    name: str
    kind: Kind
    description: str
    supplied: float
    evidence: str = ""
    options: tuple[str, ...] = ()
    in_context: bool = False


class ToolFact(msgspec.Struct, frozen=True):
    """How well one offered tool fits the goal, or the one of its asks that it fits best. `fit` combines meaning, words,
    object and action; `shared` are the words in common."""

    name: str
    fit: float
    shared: tuple[str, ...] = ()


class AskFact(msgspec.Struct, frozen=True, gc=False):
    """One thing the goal asks for, and the offered tool that covers it best ("" when no tools are offered).

    `direct` is False for what is said only in passing.
    """

    text: str
    tool: str
    fit: float
    direct: bool = True


class Contradiction(msgspec.Struct, frozen=True, gc=False):
    """Two statements that do not go together. `strength` 1 is certain."""

    kind: str
    first: str
    second: str
    strength: float


class GoalFacts(msgspec.Struct, frozen=True):
    """Everything the rules look at.

    words            number of words in the goal
    wordlike         share of the goal's tokens that read as words, numbers or names
    understood       how far the words are ones the embedder knows, or a tool's; 1 is wholly. Other languages fall here
    clarity          the probability that the goal can be begun without asking back: particulars given, none left open
    clarity_gaps     what it leaves open, worst first; clarity_questions ask for the same
    asks             the things asked for, at least one when the goal has words
    tools            offered tools, best fit first; empty when none were offered
    covered          how surely the tools together do everything asked for
    required         required parameters of the best tool and of the tools that cover further asks
    given            how surely every value required is given
    left_open        places that point at something without saying which, as written
    contradictions   strongest first
    scope            how near the goal is to what the agent and its tools are for; None when nothing states a scope
    scope_name       what the scope was compared with, for the reason
    conditions       number of conditions ("if", "unless", "when ...")
    context_fields   values given beside the goal
    history_turns    earlier messages given
    substance        whether the goal says anything to act on at all, plain or not
    """

    words: int
    wordlike: float
    understood: float
    clarity: float
    clarity_gaps: tuple[str, ...]
    asks: tuple[AskFact, ...]
    tools: tuple[ToolFact, ...]
    covered: float
    required: tuple[ParameterFact, ...]
    given: float
    left_open: tuple[str, ...]
    contradictions: tuple[Contradiction, ...]
    scope: float | None
    scope_name: str
    conditions: int
    context_fields: int
    history_turns: int
    substance: float = 1.0
    clarity_questions: tuple[str, ...] = ()
