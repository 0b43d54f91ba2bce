"""How long what an account says may be: the same in forms, in commands and in CKAN's actions."""

SHORTEST_PASSWORD = 8
# Characters as well as bytes: hashing must not be given more work than a password needs.
LONGEST_PASSWORD = 1_000
LONGEST_FULLNAME = 200
LONGEST_ABOUT = 2_000
