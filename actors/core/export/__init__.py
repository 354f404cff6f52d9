"""Day files: which rows belong to which day, what is sent, what may go. Pure."""
