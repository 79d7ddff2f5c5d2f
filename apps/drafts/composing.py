"""ACT: make a draft: intent, tools, retrieval, prompt, generation, guardrails, and then before a person.

The slow acts (tools, retrieval, model) run outside of any transaction. Whatever is killed wherever: nothing is written
but the claim before everything is written in one transaction, so the draft is made again as a whole.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.connections import AWAY, drop_dead_connections
from apps.drafts import assembling
from apps.drafts.assembling import Background, read_background
from apps.drafts.claiming import MOST_DEATHS, Held, claim, let_go
from apps.drafts.gathering import Asked, Call, Called, calls_of, gather
from apps.drafts.generating import Generated, counted_model, generate
from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.terms import Candidate, Context, PassageText, ThreadText, ToolFacts, Verdicts
from apps.drafts.guardrails.tool_data import needs_verification
from apps.drafts.intents import Reading, read_intent
from apps.drafts.keeping import Made, keep
from apps.drafts.looking_up import look_up, tools_for
from apps.drafts.masking import Masker
from apps.drafts.prompting import Materials, Prompt, build_prompt
from apps.drafts.retrieving import Retrieved, Terms, retrieval_for, retrieve
from apps.drafts.states import DraftState, MadeBy, RetrievalOutcome, Stage
from apps.drafts.template import write_reply, write_verification
from apps.llm.tokens import count_tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one draft, read in one transaction. reading: of the masked message."""

    background: Background
    masker: Masker
    thread: tuple[ThreadText, ...]
    reading: Reading
    calls: tuple[Call, ...]
    terms: Terms


def make_draft(*, draft_id: UUID) -> DraftState | None:
    """Make the draft, or its next version; the state it is in then, None when it was not ours to make.

    Call outside of a transaction. Never raises: what fails by our fault is tried again, up to MOST_ATTEMPTS times.
    """
    held = None
    try:
        held = claim(draft_id=draft_id)
        if held is None:
            return None
        if held.attempt > MOST_DEATHS:
            return let_go(held, f"The process that made it ended {held.attempt - 1} times")
        return keep(held, make(held))
    except AWAY as error:
        log.error("the database did not answer; draft %s will be taken up again: %s", draft_id, error)
        drop_dead_connections()
    except Exception as error:
        log.exception("draft %s could not be made", draft_id)
        return let_go(held, f"It could not be made: {type(error).__name__}") if held else None
    return None


def make(held: Held) -> Made:
    """Everything up to what is kept; nothing is written."""
    started = time.monotonic()
    plan = _plan(held)
    called = gather(
        calls=plan.calls, work_id=f"draft:{held.draft_id}:{held.version + 1}", seconds=settings.DRAFT_TOOL_SECONDS
    )
    tools = assembling.facts_of(plan.background, called, plan.masker)
    retrieved = retrieve(
        business_id=held.business_id,
        thread_id=plan.background.draft.thread_id,
        query=f"{plan.thread[-1].subject}\n{plan.thread[-1].text}",
        terms=plan.terms,
    )
    passages = assembling.passage_texts(plan.background, retrieved, plan.masker)
    materials = _materials(plan, tools, retrieved, passages)
    prompt, retrieved, passages = _prompt(plan, materials, retrieved, passages)
    generated = generate(
        business_id=held.business_id,
        draft_id=held.draft_id,
        intent=plan.reading.intent,
        prompt=prompt,
        materials=materials,
        subject=plan.background.reply_subject,
        model=plan.background.chosen.model,
        seconds=settings.DRAFT_MODEL_SECONDS,
    )
    return _judged(plan, called, tools, retrieved, passages, materials, prompt, generated, started)


def _plan(held: Held) -> Plan:
    with acting_for(held.business_id):
        found = look_up(held.draft_id)
        background = read_background(found.draft, found.chosen)
        masker = Masker()
        thread = assembling.masked_thread(background, masker)
        reading = read_intent(thread[-1].subject, thread[-1].text)
        mapped = tools_for(held.business_id, reading.intent)
        terms = retrieval_for(held.business_id, found.draft.thread, found.chosen, found.powers)
    message = background.message
    asked = Asked(reading, message.sender, message.sender_name, message.subject)
    return Plan(background, masker, thread, reading, calls_of(mapped, asked), terms)


def _materials(
    plan: Plan, tools: Sequence[ToolFacts], retrieved: Retrieved, passages: Sequence[PassageText]
) -> Materials:
    questions = {
        str(one.chunk_id): plan.masker.text(str(one.meta.get("asked", ""))[:1000], "passage")
        for one in retrieved.replies
    }
    return assembling.materials_of(plan.background, plan.thread, tools, passages, questions)


def _prompt(
    plan: Plan, materials: Materials, retrieved: Retrieved, passages: tuple[PassageText, ...]
) -> tuple[Prompt, Retrieved, tuple[PassageText, ...]]:
    """The prompt within the budget, and what of retrieval stayed in: only that may back a fact."""
    chosen = plan.background.chosen
    model = counted_model(chosen.business_id, chosen.model)
    prompt = build_prompt(materials, budget=chosen.token_budget, count=lambda text: count_tokens(text, model).tokens)
    snippets = [one for one in passages if one.kind == "snippet"][: prompt.snippets]
    replies = [one for one in passages if one.kind == "reply"][: prompt.replies]
    if passages and not (snippets or replies):
        words = "What retrieval found did not fit into the token budget: drafted without it"
        retrieved = Retrieved(RetrievalOutcome.DROPPED, took_ms=retrieved.took_ms, words=words)
    return prompt, retrieved, (*snippets, *replies)


def _judged(
    plan: Plan,
    called: tuple[Called, ...],
    tools: tuple[ToolFacts, ...],
    retrieved: Retrieved,
    passages: tuple[PassageText, ...],
    materials: Materials,
    prompt: Prompt,
    generated: Generated,
    started: float,
) -> Made:
    context = assembling.context_of(
        plan.background,
        intent=plan.reading.intent,
        tools=tools,
        thread=plan.thread,
        passages=passages,
        today=timezone.localdate(),
    )
    first = check_draft(generated.candidate, context)
    shown, made_by, replaced = _stand_in(generated, first, context, materials, plan)
    plan.masker.note(first.redactions, "draft")
    material = assembling.material_of(called, tools, plan.masker, passages, retrieved, plan.thread)
    material["generation"] = {"error": generated.error, "attempts": generated.attempts}
    material["retrieval"] = {"outcome": str(retrieved.outcome), "words": retrieved.words, "ms": retrieved.took_ms}
    if replaced:
        material["replaced"] = replaced
    return Made(
        background=plan.background,
        reading=plan.reading,
        called=called,
        retrieved=retrieved,
        passages=len(passages),
        arm=plan.terms.arm,
        prompt=prompt,
        generated=generated,
        made_by=made_by,
        verification=_asks_only(made_by, context),
        first=first,
        shown=shown,
        material=material,
        redactions=plan.masker.redactions,
        started=started,
    )


def _stand_in(
    generated: Generated, first: Verdicts, context: Context, materials: Materials, plan: Plan
) -> tuple[Verdicts, MadeBy, dict[str, Any]]:
    """What the reviewer is shown: the text with its marks, or another where nothing of it can stand."""
    if _stands(first, context):
        return first, generated.made_by, {}
    if needs_verification(context):
        body, made_by = write_verification(plan.reading.intent, materials), MadeBy.VERIFICATION
        why = "No tool brought data, so it may state nothing: the reply asks for what is missing"
    else:
        written = write_reply(plan.reading.intent, materials)
        body, made_by, why = written.body, written.made_by, "Nothing was left of what the model wrote"
    kept = {"why": why, "subject": first.subject, "body": first.body, "hallucinations": first.hallucinations}
    return check_draft(Candidate(plan.background.reply_subject, body), context), made_by, kept


def _stands(verdicts: Verdicts, context: Context) -> bool:
    if not verdicts.body.strip():
        return False
    if not needs_verification(context):
        return True
    return not verdicts.blocked and verdicts.stage(Stage.TOOL_DATA).status != "fail"


def _asks_only(made_by: MadeBy, context: Context) -> bool:
    return made_by == MadeBy.VERIFICATION or needs_verification(context)
