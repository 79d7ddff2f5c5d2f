"""How well trust foretells outcomes, and how well labels can be told, on reviewed outcomes as files."""
