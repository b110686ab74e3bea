"""The GraphQL contract: what clients see. Types show the rows that resolvers return; they fetch nothing themselves."""
