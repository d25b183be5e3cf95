"""Numbers: public ones with gaps (database sequences, no contention) and legal ones without (a locked counter)."""

from __future__ import annotations

from django.db import connection

# One function makes, on first use, the sequence of its prefix: no migration is needed for a new kind of number.
# 6 digits are a minimum, not a limit.
PUBLIC_NUMBER_SQL = """
CREATE OR REPLACE FUNCTION kernel_public_number(prefix text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seq text := 'kernel_number_' || lower(prefix);
    digits text;
BEGIN
    IF to_regclass(seq) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext(seq));
        EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I', seq);
    END IF;
    digits := nextval(seq)::text;
    RETURN prefix || '-' || lpad(digits, greatest(6, length(digits)), '0');
END $$;
"""


def gapless(series: str, count: int = 1) -> range:
    """Take the next `count` numbers of a series without gaps; must run in the transaction that uses them.

    The counter's row stays locked until that transaction ends (a rollback gives the numbers back), so take them
    last, in one call for a whole batch. Series start at 1.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("gapless numbers are taken in the transaction that uses them")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_numberseries (name, value) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET value = kernel_numberseries.value + EXCLUDED.value RETURNING value",
            [series, count],
        )
        last = int(cursor.fetchone()[0])
    return range(last - count + 1, last + 1)
