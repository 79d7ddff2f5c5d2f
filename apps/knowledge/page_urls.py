"""The pages of knowledge, below /admin/: settings.ADMIN_PAGES names this module; the site guards each view."""

from django.urls import path

from apps.knowledge import page_actions, page_models, pages

_ONE = "knowledge/<slug:key>/"
# No collection has that key, which begins with a letter or a digit.
_MODEL = "knowledge/-/model/"
_DOCUMENT = "knowledge/<slug:key>/documents/<uuid:pk>/"

urlpatterns = [
    path("knowledge/", pages.overview, name="knowledge"),
    path("knowledge-add/", page_actions.add, name="knowledge-add"),
    path("knowledge-work/<str:noun>/<uuid:pk>/<str:act>/", page_actions.work, name="knowledge-work"),
    path(_MODEL, page_models.model_page, name="knowledge-model"),
    path(f"{_MODEL}change/", page_models.change, name="knowledge-model-change"),
    path(f"{_MODEL}<str:act>/", page_models.move_change, name="knowledge-model-move"),
    path(_ONE, pages.collection_page, name="knowledge-collection"),
    path(f"{_ONE}add/", page_actions.add_document, name="knowledge-document-add"),
    path(f"{_ONE}import/", page_actions.upload, name="knowledge-upload"),
    path(f"{_ONE}remove/", page_actions.remove_collection, name="knowledge-remove"),
    path(_DOCUMENT, pages.document_page, name="knowledge-document"),
    path(f"{_DOCUMENT}edit/", page_actions.edit_document, name="knowledge-document-edit"),
    path(f"{_DOCUMENT}remove/", page_actions.remove_document, name="knowledge-document-remove"),
    path(f"{_DOCUMENT}reindex/", page_actions.reindex, name="knowledge-document-reindex"),
]
