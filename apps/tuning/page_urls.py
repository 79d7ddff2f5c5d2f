"""The pages of calibration, below /admin/: settings.ADMIN_PAGES names this module, and the site guards each view."""

from django.urls import path

from apps.tuning import pages

urlpatterns = [
    path("calibration/", pages.calibration, name="calibration"),
    path("calibration/simulate/", pages.simulate, name="calibration-simulate"),
    path("calibration/refit/", pages.refit_now, name="calibration-refit"),
    path("calibration/revert/", pages.revert_curve, name="calibration-revert"),
    path("calibration/audit-share/", pages.audit_share, name="calibration-audit-share"),
    path("calibration/propose/", pages.propose_thresholds, name="thresholds-propose"),
    path("calibration/withdraw/", pages.withdraw_proposal, name="thresholds-withdraw"),
]
