"""What has been promised, kept safe. The only room that knows SQL."""
