"""Exits with code 0 without creating an Instance."""

if __name__ == "__main__":
    print("Nothing to do.")
