"""The rows: PynamoDB items, their keys, and the stores made of them. The only importer of pynamodb."""
