"""RULES: how well the guardrails tell drafts apart, on files of cases with what is expected of them."""
