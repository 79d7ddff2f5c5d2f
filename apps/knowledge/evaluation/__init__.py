"""How good the search is, measured on questions of which the right passages are known."""
