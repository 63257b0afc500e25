"""Every statement that a request runs, each by an index; tests explain them at a hundred thousand rows."""
