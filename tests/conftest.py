"""The profile of Hypothesis: an example may take any time, since the machine may be busy with other work."""

from hypothesis import HealthCheck, settings

settings.register_profile("longplay", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("longplay")
