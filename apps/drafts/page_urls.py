"""The pages of mail and drafts, below /admin/: settings.ADMIN_PAGES names this module; the site guards each view."""

from django.urls import path

from apps.drafts import (
    page_actions,
    pages,
    pages_mail_apps,
    pages_mailboxes,
    pages_sendings,
    pages_settings,
    pages_sign_in,
)

urlpatterns = [
    path("mail/threads/", pages.threads_page, name="threads"),
    path("mail/threads/<uuid:pk>/", pages.thread_page, name="thread"),
    path("mail/messages/<uuid:pk>/html/", pages.message_html, name="message-html"),
    path("mail/messages/<uuid:pk>/show/", page_actions.reveal_message, name="message-reveal"),
    path("mail/masked/<uuid:pk>/show/", page_actions.reveal_redaction, name="redaction-reveal"),
    path("mail/drafts/<uuid:pk>/banner/", pages.banner_part, name="draft-banner"),
    path("mail/drafts/<uuid:pk>/check/", page_actions.check, name="draft-check"),
    path("mail/drafts/<uuid:pk>/regenerate/", page_actions.regenerate, name="draft-regenerate"),
    path("mail/drafts/<uuid:pk>/again/", page_actions.draft_again, name="draft-again"),
    path("mail/mailboxes/", pages_mailboxes.mailboxes_page, name="mailboxes"),
    path("mail/mailboxes/add/", pages_mailboxes.add, name="mailbox-add"),
    path("mail/mailboxes/<uuid:pk>/", pages_mailboxes.edit, name="mailbox"),
    path("mail/mailboxes/<uuid:pk>/test/", pages_mailboxes.test, name="mailbox-test"),
    path("mail/mailboxes/<uuid:pk>/turn/", pages_mailboxes.turn, name="mailbox-turn"),
    path("mail/mailboxes/<uuid:pk>/secret/", pages_mailboxes.new_secret, name="mailbox-secret"),
    path("mail/mailboxes/<uuid:pk>/sign-in/", pages_sign_in.set_out, name="mailbox-sign-in"),
    path("mail/mailboxes/<uuid:pk>/sign-out/", pages_sign_in.sign_out, name="mailbox-sign-out"),
    path("mail/sign-in/", pages_sign_in.came_back, name="mail-signed-in"),
    path("mail/apps/", pages_mail_apps.apps_page, name="mail-apps"),
    path("mail/apps/<slug:provider>/", pages_mail_apps.one_app, name="mail-app"),
    path("mail/apps/<slug:provider>/remove/", pages_mail_apps.remove, name="mail-app-remove"),
    path("mail/sendings/", pages_sendings.sendings_page, name="sendings"),
    path("mail/sendings/<uuid:pk>/settle/", pages_sendings.settle, name="sending-settle"),
    path("mail/settings/", pages_settings.settings_page, name="draft-settings"),
    path("mail/settings/tools/", pages_settings.map_tool, name="draft-tool-map"),
    path("mail/settings/tools/<uuid:pk>/remove/", pages_settings.unmap_tool, name="draft-tool-unmap"),
]
