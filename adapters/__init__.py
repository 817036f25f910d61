"""One folder per technology; each implements interfaces of the application."""
