"""Where day files are sent: a directory, an SFTP host, an S3 store."""
