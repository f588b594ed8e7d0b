"""What was done and what is left, counted: by day, project, person, hour."""
