"""What the OpenAPI document says of patterns, reviewers, comparisons, the what-if and learning's health."""

from rest_framework import serializers as s

from apps.trust.fitness import Figure, State
from apps.trust.models import Pattern
from apps.trust.replay import Lane
from apps.trust.verdicts import Category

STATES = list(Pattern.State.values)
LANES = [one.value for one in Lane]
HEALTH_STATES = [one.value for one in State]
WHATS = ["found", "confirmed", "retired", "again"]


class PatternAnswer(s.Serializer):
    pattern_id = s.UUIDField()
    category = s.ChoiceField(choices=[one.value for one in Category])
    name = s.CharField()
    type = s.CharField(allow_blank=True)
    agents = s.ListField(child=s.CharField(), help_text="Keys; empty where any agents count")
    participating_agents = s.IntegerField()
    state = s.ChoiceField(choices=STATES)
    success_rate = s.FloatField(help_text="0 to 1, of outcomes faded with age")
    low = s.FloatField(help_text="Of its 90 % interval")
    high = s.FloatField()
    base_rate = s.FloatField(help_text="What it is compared with, 0 to 1")
    outcomes = s.FloatField(help_text="How many equally weighted ones the evidence is worth")
    q_value = s.FloatField(help_text="Share of false discoveries among those at least as sure, at most 0.05 when found")
    strength = s.ChoiceField(choices=["weak", "moderate", "strong", "very_strong"])
    found_at = s.DateTimeField()
    last_confirmed = s.DateTimeField(allow_null=True, help_text="By outcomes that came after it was found")
    retired_at = s.DateTimeField(allow_null=True)


class PatternMoment(s.Serializer):
    at = s.DateTimeField()
    what = s.ChoiceField(choices=WHATS)
    rate = s.FloatField()
    outcomes = s.FloatField()


class PatternWithTimeline(PatternAnswer):
    timeline = PatternMoment(many=True)


class PatternPage(s.Serializer):
    next = s.CharField(allow_null=True)
    previous = s.CharField(allow_null=True)
    results = PatternAnswer(many=True)


class ReviewerAnswer(s.Serializer):
    actor = s.CharField()
    name = s.CharField()
    judged = s.IntegerField()
    shared = s.IntegerField(help_text="Of these, judged by others as well")
    agreement = s.FloatField(allow_null=True)
    reliability = s.FloatField(allow_null=True, help_text="Null where the overlap is too small to tell")
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)
    lenient = s.FloatField(allow_null=True, help_text="Chance to approve what should be rejected")
    harsh = s.FloatField(allow_null=True, help_text="Chance to reject what should be approved")
    enough = s.BooleanField()
    words = s.CharField()


class ReviewersAnswer(s.Serializer):
    items = s.IntegerField(help_text="Things that several people judged")
    judgements = s.IntegerField()
    enough = s.BooleanField()
    words = s.CharField()
    results = ReviewerAnswer(many=True)


class RankedAgent(s.Serializer):
    agent = s.CharField(help_text="Its key")
    name = s.CharField()
    rank = s.IntegerField()
    strength = s.FloatField(help_text="Log-odds against an average one of these")
    low = s.FloatField()
    high = s.FloatField()
    beats = s.FloatField(help_text="Chance to beat an average one of these, 0 to 1")
    beats_low = s.FloatField()
    beats_high = s.FloatField()
    won = s.FloatField()
    lost = s.FloatField()
    tied = s.FloatField()
    met = s.IntegerField()
    enough = s.BooleanField()


class AgentPair(s.Serializer):
    a = s.CharField()
    b = s.CharField()
    won = s.FloatField()
    lost = s.FloatField()
    tied = s.FloatField()
    contests = s.IntegerField()
    better = s.FloatField(help_text="Probability that a is the better one")


class HeadToHeadAnswer(s.Serializer):
    contests = s.IntegerField()
    enough = s.BooleanField()
    words = s.CharField()
    results = RankedAgent(many=True)
    pairs = AgentPair(many=True)


class Approved(s.Serializer):
    rate = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()
    outcomes = s.FloatField()


class TrustLane(s.Serializer):
    lane = s.ChoiceField(choices=LANES)
    recommendations = s.FloatField()
    share = s.FloatField()
    approval = Approved(allow_null=True, help_text="Null where too few were judged")


class TrustThresholds(s.Serializer):
    critical = s.FloatField()
    low = s.FloatField()
    disable = s.FloatField()


class TrustPlan(s.Serializer):
    thresholds = TrustThresholds()
    lanes = TrustLane(many=True)


class AgentLane(s.Serializer):
    agent = s.CharField()
    name = s.CharField()
    lane = s.ChoiceField(choices=LANES)
    before = s.ChoiceField(choices=LANES)
    off_since = s.DateField(allow_null=True)
    recommendations = s.FloatField()
    share = s.FloatField()
    approval = Approved(allow_null=True)


class WhatIfAnswer(s.Serializer):
    since = s.DateField()
    recommendations = s.FloatField()
    words = s.CharField()
    now = TrustPlan()
    then = TrustPlan()
    results = AgentLane(many=True)


class LearningFigure(s.Serializer):
    key = s.ChoiceField(choices=[one.value for one in Figure])
    name = s.CharField()
    value = s.FloatField(allow_null=True)
    shown = s.CharField()
    target = s.CharField(allow_blank=True)
    state = s.ChoiceField(choices=HEALTH_STATES)
    words = s.CharField(allow_blank=True)
    series = s.ListField(child=s.FloatField(allow_null=True))


class AgentApproval(s.Serializer):
    agent = s.CharField()
    name = s.CharField()
    rate = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()
    outcomes = s.FloatField()


class LearningHealth(s.Serializer):
    at = s.DateTimeField()
    state = s.ChoiceField(choices=HEALTH_STATES)
    figures = LearningFigure(many=True)
    approvals = AgentApproval(many=True)
