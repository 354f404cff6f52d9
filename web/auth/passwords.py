"""Passwords, kept as argon2id hashes (RFC 9106).

The memory of one hash is OWASP's smallest choice, 19 MiB: the whole floor may take 300 MB. The
library is loaded by the first login and by nobody before.
"""

TIME_COST, MEMORY_KIB, LANES = 2, 19 * 1024, 1
LENGTH_MIN, LENGTH_MAX = 8, 256  # Longer ones would only cost time.


class WeakPassword(ValueError):
    """A password cannot be taken; the text says why and does not show it."""


def hash_of(password: str) -> str:
    """Return the hash of a new password, salt and costs inside; refuse one that is too short."""
    from argon2 import PasswordHasher

    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise WeakPassword(
            f"a password of {len(password)} characters, wanted {LENGTH_MIN} to {LENGTH_MAX}"
        )
    return PasswordHasher(TIME_COST, MEMORY_KIB, LANES).hash(password)


def matches(password: str, hashed: str) -> bool:
    """Return whether a password is the one that was hashed; a damaged hash matches nothing."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(hashed, password)
    except (InvalidHashError, VerificationError):
        return False
