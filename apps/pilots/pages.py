"""EDGE: the list of features, the page of one, and the parts that a browser fetches. Nothing here changes anything."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.models import Business
from apps.pilots.flags import age_seconds, features
from apps.pilots.forms import AdvanceForm
from apps.pilots.models import Feature, HeldBack, Rollback
from apps.pilots.overview import Wanted, overview, phase_words_of
from apps.pilots.own_switching import own_features
from apps.pilots.page_context import for_admins, is_part, operating, page, roster_asked, who, whole
from apps.pilots.page_guards import guards_context
from apps.pilots.page_stages import stages_context
from apps.pilots.phases import WORDS, Phase
from apps.pilots.reach import count_on
from apps.pilots.selectors import operated
from apps.pilots.standing import default_of
from apps.pilots.timeline import timeline_of

MOST_ROLLBACKS = 10
# Entries of the timeline on the page of the feature itself.
LATEST = 8


@require_safe
@for_admins
def features_page(request: HttpRequest) -> HttpResponse:
    """The features this person runs; for the admin of a business also what holds for that business."""
    person, asked = who(request), request.GET
    state = asked.get("state", "")
    wanted = Wanted(
        search=asked.get("q", "")[:120],
        phase=state if state in {phase.value for phase in Phase} else "",
        stale=asked.get("stale") == "1",
        page=whole(asked.get("page", "")),
    )
    features()
    found = overview(operated(**person.runs_rollouts), wanted, timezone.now())
    return page(
        request,
        "pilots/features.html",
        found=found,
        age=age_seconds(),
        wanted=wanted,
        filters=[(phase.value, WORDS[phase], found.counts[phase]) for phase in Phase],
        runs_any=person.superuser or bool(wanted.search or found.counts["all"] or found.counts[Phase.ARCHIVED]),
        owns=own_features(person.business_id) if person.business_id and not person.superuser else [],
    )


@require_safe
@for_admins
def feature_of_id(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For who knows a feature by its id: a request in the queue."""
    feature = Feature.objects.filter(operated(**who(request).runs_rollouts), pk=pk).first()
    if feature is None:
        raise Http404
    return redirect("admin:feature", feature.key)


@require_safe
@operating
def feature_page(request: HttpRequest, feature: Feature) -> HttpResponse:
    return show_feature(request, feature)


@require_safe
@operating
def businesses_part(request: HttpRequest, feature: Feature) -> HttpResponse:
    """The table of businesses alone: show, q, page, keep."""
    return page(request, "pilots/businesses.html", feature=feature, **roster_asked(request, feature))


@require_safe
@operating
def history_page(request: HttpRequest, feature: Feature) -> HttpResponse:
    """Everything that happened to a feature, in pages by keyset."""
    after = request.GET.get("after", "")
    moments, following = timeline_of(feature, after=after)
    return page(request, "pilots/history.html", feature=feature, moments=moments, following=following, first=not after)


@require_safe
@operating
def standing_part(request: HttpRequest, feature: Feature) -> HttpResponse:
    """Which version of the feature this process knows: pages ask it where no push reaches them."""
    known = features().known.get(feature.key)
    return JsonResponse({"version": str(known.version if known else feature.version)})


def show_feature(
    request: HttpRequest, feature: Feature, *, advance: AdvanceForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of a feature; advance: a form to ask for a step that came in and was refused."""
    now, person = timezone.now(), who(request)
    phase, words = phase_words_of(feature.pk)
    # The script has the table already and renews its rows by themselves.
    roster = {} if is_part(request) else roster_asked(request, feature)
    moments, following = timeline_of(feature, limit=LATEST)
    past = Rollback.objects.filter(feature=feature).select_related("target").order_by("-at")[:MOST_ROLLBACKS]
    return page(
        request,
        "pilots/feature.html",
        status=status,
        feature=feature,
        phase=phase,
        phase_words=words,
        **_counts(feature),
        **roster,
        **stages_context(feature, now),
        **guards_context(feature, now),
        advance_form=advance or AdvanceForm(),
        is_owner=person.is_owner,
        default=default_of(feature),
        rollbacks=list(past),
        moments=moments,
        following=following,
    )


def _counts(feature: Feature) -> dict[str, int]:
    """How many have it: of all there are, whatever the table is searched for."""
    return {
        "on_count": 0 if feature.archived_at else count_on(feature),
        "all_count": Business.objects.count(),
        "held_count": HeldBack.objects.filter(feature=feature).count(),
    }
