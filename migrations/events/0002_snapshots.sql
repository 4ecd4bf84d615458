-- Kept states of long streams, so that a menu with years of changes is not folded from its first event
-- each time a process meets it. Derived: every row can be deleted at any time, and nothing is lost.
--
-- A row counts only if
--   - `schema_hash` is that of the code that reads it: what it folds a fixed list of events to;
--   - the event it was made at is still there, unchanged: `event_hash` is that event's link in the
--     feed's chain. So a row that outlived a restore of the events from a backup is not used.
--
-- Written in the background and never by the transaction that commits orders.
CREATE TABLE snapshots (
    feed_id      BINARY(16)      NOT NULL,
    aggregate_id BINARY(16)      NOT NULL,
    version      BIGINT UNSIGNED NOT NULL,
    schema_hash  BINARY(32)      NOT NULL,
    event_hash   BINARY(32)      NOT NULL,
    -- JSON bytes, as the domain encodes them.
    state        MEDIUMBLOB      NOT NULL,
    written_at   DATETIME(6)     NOT NULL,
    PRIMARY KEY (feed_id, aggregate_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;
