"""What spans the rooms: undo now; feeds and bootstrap later."""
