"""What a user does in a real browser on a real server."""
