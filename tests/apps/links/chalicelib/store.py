LINKS = {"docs": "https://docs.example.com"}
