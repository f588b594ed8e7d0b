"""Django REST framework with SimpleJWT: a model view set, rotation with a block list, Argon2, SQLite in WAL mode.

Runs in the peers' environment, not in TaskManager's: `gunicorn bench.peers.drf:application` serves the file that
PEER_DATABASE names, `python -m bench.peers.drf ROWS` makes it.
"""

import json
import os
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["PEER_DATABASE"],
            "CONN_MAX_AGE": None,
            # As Django's notes on "database is locked" advise.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": "PRAGMA journal_mode=WAL"},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework_simplejwt",
        "rest_framework_simplejwt.token_blacklist",
    ],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    PASSWORD_HASHERS=["bench.peers.drf_hasher.Hasher"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY=uuid.uuid4().hex * 2,
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
    },
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - as Django is written in one file
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import pagination, permissions, serializers, viewsets  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer, TokenRefreshSerializer  # noqa: E402


class Task(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(User, models.CASCADE)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=20, default="todo")
    priority = models.IntegerField(default=0)
    due = models.DateField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "peer"


class Label(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="labels")
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "peer"


class LabelSerializer(serializers.ModelSerializer):
    class Meta:
        model = Label
        fields = ["name"]

    def to_internal_value(self, data):
        return super().to_internal_value({"name": data})


class TaskSerializer(serializers.ModelSerializer):
    labels = LabelSerializer(many=True, default=[])

    class Meta:
        model = Task
        exclude = ["owner"]

    def create(self, validated_data):
        labels = validated_data.pop("labels")
        with transaction.atomic():
            task = Task.objects.create(**validated_data)
            Label.objects.bulk_create([Label(task=task, **label) for label in labels])
        return task


class Pages(pagination.CursorPagination):
    page_size = 50
    ordering = "-created_at"

    def get_paginated_response(self, data):
        return Response({"items": data, "next": self.get_next_link()})


class TaskViewSet(viewsets.ModelViewSet):
    serializer_class = TaskSerializer
    pagination_class = Pages

    def get_queryset(self):
        return Task.objects.filter(owner=self.request.user).prefetch_related("labels")

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class Tokens(APIView):
    """What SimpleJWT's own views do, under the names that the load client reads."""

    authentication_classes = []
    permission_classes = [permissions.AllowAny]
    serializer_class = None

    def post(self, request):
        given = {"refresh": request.data["refresh_token"]} if "refresh_token" in request.data else request.data
        serializer = self.serializer_class(data=given)
        serializer.is_valid(raise_exception=True)
        pair = serializer.validated_data
        return Response({"access_token": pair["access"], "refresh_token": pair["refresh"]})


urlpatterns = [
    path("login", Tokens.as_view(serializer_class=TokenObtainPairSerializer)),
    path("refresh", Tokens.as_view(serializer_class=TokenRefreshSerializer)),
    path("tasks", TaskViewSet.as_view({"get": "list", "post": "create"})),
    path("tasks/<uuid:pk>", TaskViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
]
application = get_wsgi_application()


def fill(rows):
    """Make the tables and put the same rows in as every other server has."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Task)
        editor.create_model(Label)
    with transaction.atomic():
        users = [User(username=row["username"], password="argon2" + row["password_hash"]) for row in rows["users"]]
        User.objects.bulk_create(users)
        ids = {row["id"]: user.id for row, user in zip(rows["users"], users, strict=True)}
        tasks = []
        for row in rows["tasks"]:
            owner_id = ids[row.pop("owner_id")]
            tasks.append(Task(owner_id=owner_id, **row))
        for field in ("created_at", "updated_at"):
            Task._meta.get_field(field).auto_now_add = Task._meta.get_field(field).auto_now = False
        Task.objects.bulk_create(tasks, batch_size=1000)
        Label.objects.bulk_create([Label(**row) for row in rows["labels"]], batch_size=1000)


if __name__ == "__main__":
    fill(json.loads(Path(sys.argv[1]).read_text()))
