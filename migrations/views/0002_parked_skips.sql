-- Events that somebody decided to leave out of a view for good, with who, when and why. Written in the
-- transaction that takes the event from `parked_events`; never changed or deleted by the product.
CREATE TABLE parked_skips (
    projection   VARCHAR(64)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    feed_id      BINARY(16)      NOT NULL,
    epoch        INT UNSIGNED    NOT NULL,
    position     BIGINT UNSIGNED NOT NULL,
    aggregate_id BINARY(16)      NOT NULL,
    event_type   VARCHAR(64)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    -- Why it had been parked.
    cause_class  VARCHAR(16)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    cause        VARCHAR(500)    NOT NULL,
    -- Who left it out, and why.
    skipped_by   VARCHAR(80)     NOT NULL,
    reason       VARCHAR(500)    NOT NULL,
    skipped_at   DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    -- An event that is parked again (its rows were made again) may be skipped again.
    PRIMARY KEY (projection, feed_id, epoch, position, skipped_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;
