"""SchoolGuard: a filtering DNS proxy for schools. This package does no work at import."""

__version__ = "0.1.0"
