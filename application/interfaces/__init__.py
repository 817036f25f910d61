"""The interfaces through which the application uses the outside world."""
