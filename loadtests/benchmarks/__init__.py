"""Benchmarks: each prints a table; tests decide, benchmarks only tell."""
