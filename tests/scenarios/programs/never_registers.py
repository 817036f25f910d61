"""Ends well, but without ever having made an instance."""

if __name__ == "__main__":
    print("Nothing to do.")
