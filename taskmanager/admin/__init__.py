"""The administrators' view of all rooms."""
