"""Argon2 as Django has it, with TaskManager's parameters: the work of a sign-in is the same."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Hasher(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
