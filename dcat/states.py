"""The states in which datasets, organisations, groups and accounts can be. A draft is a dataset, pending an account."""

ACTIVE, DRAFT, PENDING, DELETED = "active", "draft", "pending", "deleted"
