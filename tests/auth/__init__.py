"""Accounts, sessions and tokens; the tests carry the ids of the statements that they hold."""
