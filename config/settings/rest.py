"""How REST is spoken, and what its OpenAPI document says of itself."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.ApiKeyAuthentication",
        "apps.accounts.authentication.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.throttling.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.rendering.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "apps.core.pagination.Cursor",
    "EXCEPTION_HANDLER": "apps.core.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "Submit goals, follow what the gate made of them, and decide what people must decide.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_NAME_OVERRIDES": {
        "GoalState": "apps.goals.schemas.GOAL_STATES",
        "RequestState": "apps.approvals.schemas.STATES",
        "Verdict": "apps.approvals.schemas.VERDICTS",
        "FeatureState": "apps.pilots.schemas.STATES",
        "FeatureKind": "apps.pilots.schemas.KINDS",
        "AdvanceState": "apps.pilots.schemas.ADVANCE_STATES",
    },
}
