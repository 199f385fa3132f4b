"""What a rule can do, as conversations: one file per verb. Nothing here waits."""
