"""Tools that every room uses. No business word may appear here."""
