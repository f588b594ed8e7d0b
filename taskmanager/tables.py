"""All tables of all rooms, for migrations and for tests that look at them as a whole."""

import taskmanager.analytics.models
import taskmanager.auth.models
import taskmanager.integrations.models
import taskmanager.journal.models
import taskmanager.kit.http.idempotency
import taskmanager.kit.jobs
import taskmanager.projects.models
import taskmanager.tasks.filters.models
import taskmanager.tasks.models
import taskmanager.tasks.notifications.models
import taskmanager.tasks.reminders.models
import taskmanager.tasks.search.models  # noqa: F401 - each import registers its tables
from taskmanager.kit.columns import Model

metadata = Model.metadata
