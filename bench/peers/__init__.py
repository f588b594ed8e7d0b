"""Servers of other frameworks for comparison: each written as its own documentation writes it, with its own lock."""
