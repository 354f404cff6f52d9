"""The floor and its watchman as services of systemd."""
