-- The read side: what people look at. Every row of a read model can be made again from the events.
--
-- Rules that hold for every table here:
--   * `feed_id` (the restaurant's id) stands first in every primary key: a statement that forgets it
--     cannot be fast, and positions mean nothing without it, because two feeds share every number;
--   * a row of a read model is made from the events of ONE aggregate only, so that a parked aggregate
--     never spoils the rows of another;
--   * texts compare exactly (`_as_cs`, which tells case and accents apart). Not `_bin`: the driver takes
--     such a column for bytes;
--   * no column holds the projector's own clock, so that a rebuild gives the same rows;
--   * tables of a read model end in the version of their projection (`orders@1` fills `…_v1`), so that
--     the next version can be built beside them and switched in. Their names stand in one place of
--     the code per view (`schema.rs`).

-- The projections of this database.
CREATE TABLE projections (
    -- `<view>@<version>`
    projection VARCHAR(64)  COLLATE utf8mb4_0900_as_cs NOT NULL,
    -- `live`: answers queries.
    status     VARCHAR(16)  COLLATE utf8mb4_0900_as_cs NOT NULL,
    -- Why it stands as it does, in words.
    cause      VARCHAR(500) NOT NULL DEFAULT '',
    created_at DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (projection)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- Up to where a projection has applied a feed. Moved by compare-and-set as the first statement of the
-- transaction that changes the rows: whoever loses has changed nothing.
CREATE TABLE projection_checkpoints (
    projection VARCHAR(64)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    feed_id    BINARY(16)      NOT NULL,
    epoch      INT UNSIGNED    NOT NULL,
    position   BIGINT UNSIGNED NOT NULL,
    -- How many events of the feed are parked. A part of the compare-and-set: while it is 0, nobody
    -- has to ask which aggregates are parked.
    parked     INT UNSIGNED    NOT NULL DEFAULT 0,
    PRIMARY KEY (projection, feed_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- Events that could not be applied, and those of the same aggregate that came after them, in order.
-- Only pointers: the event itself stands in the event store.
CREATE TABLE parked_events (
    projection   VARCHAR(64)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    feed_id      BINARY(16)      NOT NULL,
    position     BIGINT UNSIGNED NOT NULL,
    epoch        INT UNSIGNED    NOT NULL,
    aggregate_id BINARY(16)      NOT NULL,
    event_type   VARCHAR(64)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    -- undecodable, unappliable, constraint, or behind (an earlier event of the aggregate is parked)
    cause_class  VARCHAR(16)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    cause        VARCHAR(500)    NOT NULL,
    attempts     INT UNSIGNED    NOT NULL DEFAULT 1,
    parked_at    DATETIME(6)     NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (projection, feed_id, position),
    KEY parked_events_aggregate (projection, feed_id, aggregate_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- Who works on which shard of which projection. `until` is by this server's clock. Leases only keep
-- two projectors from doing the same work; the compare-and-set keeps them right.
CREATE TABLE leases (
    kind    VARCHAR(64)      COLLATE utf8mb4_0900_as_cs NOT NULL,
    shard   TINYINT UNSIGNED NOT NULL,
    owner   VARCHAR(64)      COLLATE utf8mb4_0900_as_cs NOT NULL,
    token   BIGINT UNSIGNED  NOT NULL,
    until   DATETIME(6)      NOT NULL,
    PRIMARY KEY (kind, shard)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- ---------------------------------------------------------------------------------------------
-- restaurants@1: the restaurant, its menu, its tables, and who sits at them.

CREATE TABLE restaurants_v1 (
    feed_id   BINARY(16)  NOT NULL,
    name      VARCHAR(80) NOT NULL,
    currency  CHAR(3)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    -- JSON bytes, `[{"key","name"}]` in the order of the event: read and written as a whole.
    stations  MEDIUMBLOB  NOT NULL,
    PRIMARY KEY (feed_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

CREATE TABLE restaurant_tables_v1 (
    feed_id  BINARY(16)        NOT NULL,
    table_id BINARY(16)        NOT NULL,
    -- Its place in the restaurant's list.
    ordinal  SMALLINT UNSIGNED NOT NULL,
    label    VARCHAR(16)       NOT NULL,
    seats    SMALLINT UNSIGNED NOT NULL,
    PRIMARY KEY (feed_id, table_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

CREATE TABLE menu_items_v1 (
    feed_id        BINARY(16)        NOT NULL,
    item_id        BINARY(16)        NOT NULL,
    -- The position that added it: the order of the menu.
    added_position BIGINT UNSIGNED   NOT NULL,
    name           VARCHAR(80)       NOT NULL,
    price_amount   BIGINT            NOT NULL,
    price_currency CHAR(3)           COLLATE utf8mb4_0900_as_cs NOT NULL,
    tax_rate_bp    SMALLINT UNSIGNED NOT NULL,
    station        VARCHAR(32)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    available      BOOLEAN           NOT NULL,
    PRIMARY KEY (feed_id, item_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

CREATE TABLE sessions_v1 (
    feed_id     BINARY(16)  NOT NULL,
    session_id  BINARY(16)  NOT NULL,
    table_id    BINARY(16)  NOT NULL,
    table_label VARCHAR(16) NOT NULL,
    opened_at   DATETIME(6) NOT NULL,
    -- NULL while guests are at the table.
    closed_at   DATETIME(6) NULL,
    PRIMARY KEY (feed_id, session_id),
    -- Finds the open session of a table: at most one.
    KEY sessions_v1_open (feed_id, table_id, closed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

CREATE TABLE diners_v1 (
    feed_id    BINARY(16)       NOT NULL,
    session_id BINARY(16)       NOT NULL,
    -- 1 for the first who joined.
    number     TINYINT UNSIGNED NOT NULL,
    diner_id   BINARY(16)       NOT NULL,
    PRIMARY KEY (feed_id, session_id, number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- ---------------------------------------------------------------------------------------------
-- kitchen_board@1: the lines that wait, cook, or can be carried out. A row comes with line.fired and
-- goes with line.served or line.voided, so the table stays as small as the kitchen is busy. A ticket
-- is the rows of one order at one station.

CREATE TABLE kitchen_lines_v1 (
    feed_id        BINARY(16)        NOT NULL,
    station        VARCHAR(32)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    line_id        BINARY(16)        NOT NULL,
    order_id       BINARY(16)        NOT NULL,
    -- The position that fired it: the order of the board.
    fired_position BIGINT UNSIGNED   NOT NULL,
    code           VARCHAR(8)        NOT NULL,
    table_label    VARCHAR(16)       NOT NULL,
    order_note     VARCHAR(200)      NULL,
    name           VARCHAR(80)       NOT NULL,
    quantity       SMALLINT UNSIGNED NOT NULL,
    note           VARCHAR(200)      NULL,
    -- fired, preparing, ready
    state          VARCHAR(16)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    fired_at       DATETIME(6)       NOT NULL,
    changed_at     DATETIME(6)       NOT NULL,
    PRIMARY KEY (feed_id, station, line_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

-- ---------------------------------------------------------------------------------------------
-- orders@1: every order with its lines.

CREATE TABLE orders_v1 (
    feed_id         BINARY(16)      NOT NULL,
    order_id        BINARY(16)      NOT NULL,
    -- The position of order.placed: lists go by it, newest first.
    placed_position BIGINT UNSIGNED NOT NULL,
    session_id      BINARY(16)      NOT NULL,
    table_label     VARCHAR(16)     NOT NULL,
    code            VARCHAR(8)      NOT NULL,
    -- placed, rejected, cancelled, accepted, preparing, ready, served
    state           VARCHAR(16)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    placed_at       DATETIME(6)     NOT NULL,
    note            VARCHAR(200)    NULL,
    -- Why it was rejected or cancelled.
    reason          VARCHAR(32)     COLLATE utf8mb4_0900_as_cs NULL,
    -- The currency of every amount of the order and its lines.
    currency        CHAR(3)         COLLATE utf8mb4_0900_as_cs NOT NULL,
    total           BIGINT          NOT NULL,
    tax             BIGINT          NOT NULL,
    -- The version of the order's stream after the last event that was applied.
    version         BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (feed_id, order_id),
    UNIQUE KEY orders_v1_placed (feed_id, placed_position),
    KEY orders_v1_state (feed_id, state, placed_position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;

CREATE TABLE order_lines_v1 (
    feed_id    BINARY(16)        NOT NULL,
    order_id   BINARY(16)        NOT NULL,
    line_id    BINARY(16)        NOT NULL,
    -- Its place in the order.
    ordinal    SMALLINT UNSIGNED NOT NULL,
    item_id    BINARY(16)        NOT NULL,
    name       VARCHAR(80)       NOT NULL,
    quantity   SMALLINT UNSIGNED NOT NULL,
    unit_price BIGINT            NOT NULL,
    line_total BIGINT            NOT NULL,
    line_tax   BIGINT            NOT NULL,
    station    VARCHAR(32)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    -- placed, fired, preparing, ready, served, voided
    state      VARCHAR(16)       COLLATE utf8mb4_0900_as_cs NOT NULL,
    note       VARCHAR(200)      NULL,
    PRIMARY KEY (feed_id, order_id, line_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;
