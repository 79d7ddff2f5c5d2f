"""RULES: what a drafted reply may say, to whom, and what of it a reviewer must see. Pure: no Django, clock or I/O."""
