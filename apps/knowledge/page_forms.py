"""EDGE: the forms of the pages of knowledge."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.errors import Invalid
from apps.knowledge.formats.entries import MOST_SNIPPET, MOST_TAG, MOST_TAGS, MOST_TEXT
from apps.knowledge.formats.snippets import intent_of, tags_of


class CollectionForm(forms.Form):
    name = forms.CharField(max_length=120)
    key = forms.RegexField(
        r"^[a-z0-9][a-z0-9_-]{0,59}$", required=False, help_text="For programs; made of the name when left empty",
        error_messages={"invalid": "Small letters, digits, - and _"},
    )  # fmt: skip
    kind = forms.ChoiceField(choices=[("snippets", "Snippets"), ("documents", "Documents")])


class DocumentForm(forms.Form):
    title = forms.CharField(max_length=300)
    text = forms.CharField(max_length=MOST_TEXT, widget=forms.Textarea(attrs={"rows": 10}))
    tags = forms.CharField(max_length=900, required=False, help_text="Apart by commas")
    intent = forms.CharField(max_length=MOST_TAG, required=False, help_text="What a customer wants who is answered so")

    def __init__(self, *args: Any, snippets: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if snippets:
            self.fields["text"] = forms.CharField(
                max_length=MOST_SNIPPET, widget=forms.Textarea(attrs={"rows": 6}), label="Text"
            )
        else:
            del self.fields["tags"], self.fields["intent"]

    def clean_tags(self) -> list[str]:
        tags = list(tags_of(self.cleaned_data["tags"]))
        if len(tags) > MOST_TAGS or any(len(tag) > MOST_TAG for tag in tags):
            raise forms.ValidationError(f"At most {MOST_TAGS} tags of {MOST_TAG} characters each")
        return tags

    def clean_intent(self) -> str:
        return intent_of(self.cleaned_data["intent"])


def tell_errors(form: forms.Form, error: Invalid) -> None:
    """Put what an act found wrong beside its field, or on top where the form has no such field."""
    for one in error.errors:
        form.add_error(one["field"] if one["field"] in form.fields else None, one["reason"])
