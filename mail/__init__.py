"""Mail: the sending of messages by SMTP, and their texts. Uses no database."""
