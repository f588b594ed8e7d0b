"""Who someone is and what their role allows: users, sessions, tokens, keys, passwords."""
