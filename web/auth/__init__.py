"""Who may look and who may act: users, passwords, logins and where a request came from."""
