"""Hypothesis without a deadline: a shared machine is sometimes slow, and no test here is about time."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
