-- Guests who leave, and those who ask to join.

-- NULL while they sit at the table.
ALTER TABLE diners_v1 ADD COLUMN left_at DATETIME(6) NULL;

-- Who waits for an answer. A row comes with table-session.join-requested and goes when they are let in, are
-- told no, or the session ends; who waited too long is left out when it is read.
CREATE TABLE join_requests_v1 (
    feed_id      BINARY(16)  NOT NULL,
    session_id   BINARY(16)  NOT NULL,
    diner_id     BINARY(16)  NOT NULL,
    table_label  VARCHAR(16) NOT NULL,
    mark         CHAR(4)     COLLATE utf8mb4_0900_as_cs NOT NULL,
    requested_at DATETIME(6) NOT NULL,
    expires_at   DATETIME(6) NOT NULL,
    PRIMARY KEY (feed_id, session_id, diner_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs;
