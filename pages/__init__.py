"""The pages that browsers get: GraphiQL with its ready-made questions, Swagger UI, and their files."""
