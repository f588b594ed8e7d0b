"""When recurring tasks come again: pure functions of a rule, its dates, a time and a zone."""
