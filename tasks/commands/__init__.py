"""What a person types beside `deploy`."""
