"""Models behind servers that speak OpenAI's protocol: one file a concern; the client is imported when it is used."""
