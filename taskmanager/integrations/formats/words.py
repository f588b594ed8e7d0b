"""Words that other programs use: names of columns, of states and of priorities."""

import re

# For every field the names it goes by, best first, in the form that `plain` gives them. Seen in the exports of Todoist,
# Vikunja, GitHub, GitLab, Trello, Jira, Microsoft To Do, Outlook, Asana, service desks and hand-made tables.
COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "title": (
        *("title", "summary", "taskname", "cardname", "name", "subject", "task", "content", "todo", "issue", "what"),
        *("headline", "casetitle", "requesttitle", "servicename", "requesttype", "complainttype", "problem"),
    ),
    "description": ("description", "carddescription", "body", "notes", "note", "details", "desc", "text", "descriptor"),
    "status": ("status", "state", "progress", "done", "iscompleted", "isdone", "completed", "complete", "closed"),
    "priority": ("priority", "importance", "urgency"),
    "start": ("start", "startdate", "startat", "starts", "scheduled", "startson", "begin"),
    "due": ("due", "duedate", "dueon", "dueat", "duedatetime", "date", "enddate", "dateddue"),
    "deadline": ("deadline", "hardduedate", "duedatehard"),
    "labels": ("labels", "label", "tags", "tag", "categories", "category", "keywords"),
    "assignees": ("assignees", "assignee", "assignedto", "responsible", "owner", "members", "assigneeids", "assigned"),
    "project": ("project", "projectname", "projects", "list", "listname", "boardname", "board", "folder", "bucket"),
    "parent": ("parent", "parentid", "parentissue", "parenttask", "parentkey"),
    "estimate_minutes": ("estimateminutes", "estimate", "estimatedminutes"),
    "author": ("author", "reporter", "creator", "createdby", "user", "openedby", "reportedby"),
    "created_at": (
        *("createdat", "created", "createddate", "datecreated", "creationdate", "createdon", "createdtime"),
        *("openedat", "opened"),
    ),
    "completed_at": (
        *("completedat", "completedon", "datecompleted", "completeddate", "completiondate", "doneat", "finishedat"),
        *("closedat", "closeddate", "closedon", "closed", "resolved", "resolutiondate", "resolvedat"),
        *("completed", "complete", "done"),
    ),
    "external_id": (
        "externalid",
        "id",
        "uniquekey",
        "issuekey",
        "key",
        "issueid",
        "taskid",
        "cardid",
        "number",
        "uid",
        "gid",
    ),
    "comments": ("comments", "comment"),
}

_STATUS_WORDS = {
    "todo": "todo to-do open opened reopened new backlog inbox pending planned waiting next false no 0 0% none"
    " needsaction notstarted notdone unstarted incomplete created selectedfordevelopment onhold deferred",
    "in_progress": "inprogress progress doing started wip inprocess active assigned inreview review underway testing",
    "done": "done closed complete completed resolved finished fixed merged true yes x 1 100% checked shipped ✓ ✔ ☑",
    "cancelled": "cancelled canceled wontfix wontdo rejected declined duplicate notplanned dropped abandoned invalid"
    " obsolete",
}

_PRIORITY_WORDS = {
    4: "4 5 urgent highest critical blocker p1 p0 immediate asap now veryhigh",
    3: "3 high p2 major important",
    2: "2 medium med normal p3 moderate",
    1: "1 low p4 minor",
    0: "0 none no nopriority lowest trivial p5 unset undefined",
}


def plain(text: str) -> str:
    """Return a word without case, spaces and punctuation, so that spellings of it meet."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _meet(word: str) -> str:
    # A sign alone (a tick) would vanish, and -1 must not become 1.
    word = word.strip()
    return word if word.startswith("-") else plain(word) or word


STATUS_OF = {_meet(word): status for status, words in _STATUS_WORDS.items() for word in words.split()}
PRIORITY_OF = {_meet(word): level for level, words in _PRIORITY_WORDS.items() for word in words.split()}


def status_of(text: str) -> str | None:
    """Return the status that a word stands for, or None."""
    return STATUS_OF.get(_meet(text))


def priority_of(text: str) -> int | None:
    """Return the priority, 0 (none) to 4 (urgent), that a word or number stands for, or None."""
    return PRIORITY_OF.get(_meet(text))


def is_number(text: str) -> bool:
    """Whether a text is a plain run of ASCII digits."""
    return text.isascii() and text.isdigit()
