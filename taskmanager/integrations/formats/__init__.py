"""Files in and out: readers of CSV, JSON and iCalendar into drafts, and writers of the same. No database, no HTTP."""
