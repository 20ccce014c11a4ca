"""Planning and ending the rounds that posts walk."""
