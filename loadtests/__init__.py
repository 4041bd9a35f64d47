"""Load before go-live; for now the benchmarks of the harness itself, see `benchmarks`."""
