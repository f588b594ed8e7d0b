"""What an export writes, the import reads back: every field that the format can carry, to the letter."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmanager.integrations.formats.detection import read_file
from taskmanager.integrations.formats.drafts import LabelDraft, Moment, ProjectDraft, SectionDraft, TaskDraft
from taskmanager.integrations.formats.ical_writer import write_ical
from taskmanager.integrations.formats.own_csv import guard, unguard, write_csv
from taskmanager.integrations.formats.own_json import write_json
from tests.integrations.drafts_of import (
    LINES,
    TEXTS,
    comments,
    drafts,
    instants,
    names,
    occurrences,
    recurrences,
    related,
    reminders,
    wall,
)

SECTIONS = [
    SectionDraft("s1", "p1", "To do", "a1", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    SectionDraft("s2", "p2", "to do"),
]
PROJECTS = [ProjectDraft(id="p1", name="Home", color="#4F46D8"), ProjectDraft(id="p2", name="Garden", parent_id="p1")]


def _in_sections(found: list[TaskDraft]) -> list[TaskDraft]:
    """Put those into the section of their project that were drawn to lie in one."""
    sections = {section.project_id: section.id for section in SECTIONS}
    return [replace(one, section_id=sections.get(one.project_id or "") if one.section_id else None) for one in found]


@given(drafts(assignees=names(200), project=st.none() | LINES, author=st.none() | LINES))
def test_csv(given_drafts: list[TaskDraft]) -> None:
    reading = read_file(b"".join(write_csv(given_drafts)))

    assert reading.problems.listed == []
    assert reading.drafts == given_drafts


# The drafts hold so much that a busy machine takes long to make them.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    drafts(
        assignees=names(200),
        project_id=st.sampled_from([None, "p1", "p2"]),
        section_id=st.booleans(),
        author=st.none() | LINES,
        position=st.none() | LINES,
        key=st.none() | LINES,
        updated_at=st.none() | instants(),
        parent=st.none(),
        comments=comments(),
        recurrence=recurrences(),
        occurrences=occurrences(),
        reminders=reminders(),
        raw=TEXTS,
    )
    .map(_in_sections)
    .flatmap(related),
    st.none() | instants(),
)
def test_json(given_drafts: list[TaskDraft], exported_at: datetime | None) -> None:
    labels = [LabelDraft("errand", "#00ff00"), LabelDraft("home")]
    document = b"".join(write_json(given_drafts, PROJECTS, labels, exported_at, sections=SECTIONS))
    reading = read_file(document)

    assert reading.problems.listed == []
    assert reading.drafts == given_drafts
    assert (list(reading.projects), list(reading.labels), reading.exported_at) == (PROJECTS, labels, exported_at)
    assert list(reading.sections) == SECTIONS


def _as_ical_has_it(draft: TaskDraft) -> TaskDraft:
    lines = draft.description.replace("\r\n", "\n").replace("\r", "\n")
    printable = "".join(c if c in "\t\n" or (c >= " " and c != "\x7f") else " " for c in lines)
    # What counts from a due date that there is none of cannot be said.
    sayable = tuple(one for one in draft.reminders if one.at is not None or draft.due is not None)
    return replace(draft, description=printable, reminders=sayable)


@given(
    drafts(
        whole_seconds=True,
        project=st.none() | LINES,
        updated_at=st.none() | instants(whole_seconds=True),
        recurrence=recurrences(),
        reminders=reminders(),
    )
)
def test_ical(given_drafts: list[TaskDraft]) -> None:
    content = b"".join(write_ical(given_drafts))
    reading = read_file(content)

    assert reading.problems.listed == []
    assert reading.drafts == [_as_ical_has_it(draft) for draft in given_drafts]
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_json_keeps_parents_and_controls_in_titles() -> None:
    tree = [TaskDraft("two\nlines", external_id="a"), TaskDraft("child", external_id="b", parent="a")]

    assert read_file(b"".join(write_json(tree))).drafts == tree


def test_equal_input_gives_equal_bytes() -> None:
    tasks = [TaskDraft("A", external_id="1", labels=("x", "y"), due=Moment(local=wall(2026, 1, 1), zone="UTC"))]
    for write in (write_csv, write_json, write_ical):
        assert b"".join(write(tasks)) == b"".join(write(iter(tasks)))


@given(TEXTS)
def test_no_cell_starts_a_formula(text: str) -> None:
    cell = guard(text)

    assert unguard(cell) == text
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))  # noqa: RUF001


def test_a_csv_export_is_made_for_spreadsheets() -> None:
    content = b"".join(write_csv([TaskDraft('=HYPERLINK("http://evil")', external_id="1", description="-1+1")]))

    assert content.startswith(b"\xef\xbb\xbfid,title,description,")
    assert b'"\'=HYPERLINK(""http://evil"")",\'-1+1,' in content


def test_ical_defines_each_zone_once_before_its_first_use() -> None:
    zoned = Moment(local=wall(2026, 12, 1, 9), zone="Europe/Berlin")
    tasks = [TaskDraft("A", external_id="1", due=zoned), TaskDraft("B", external_id="2", start=zoned)]
    text = b"".join(write_ical(tasks)).decode()

    assert text.count("BEGIN:VTIMEZONE") == 1
    assert text.index("TZID:Europe/Berlin") < text.index("DUE;TZID=Europe/Berlin:20261201T090000")


def test_exports_stream() -> None:
    """The first bytes come before the last task is asked for."""
    asked = []

    def tasks() -> Any:
        for number in range(2_000):
            asked.append(number)
            yield TaskDraft(f"Task {number}", external_id=str(number), created_at=datetime(2026, 1, 1, tzinfo=UTC))

    for write in (write_csv, write_json, write_ical):
        asked.clear()
        pieces: Any = write(tasks())
        next(piece for piece in pieces if b"Task 1" in piece)
        assert len(asked) <= 500
