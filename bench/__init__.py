"""How fast the server is, against baselines that ship beside it: `python -m bench`; see docs/benchmarks.md."""
