"""The one error whose message is for the person at the terminal."""


class Failed(RuntimeError):
    """Something stands in the way; the message says what, and what to do about it."""
