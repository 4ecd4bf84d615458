-- How often somebody who asked to join a table typed digits that were not those of the table.
--
-- Not events: whoever guesses would fill the log of a restaurant. Counted here, so that all instances count
-- together, and counted before the digits are compared, so that a thousand guesses at once are no more
-- than the few that are allowed. When they are used up, one event changes the digits (see
-- `table-session.code-rotated`), and the count starts anew with the next rotation.
CREATE TABLE code_tries (
    feed_id    BINARY(16)   NOT NULL,
    session_id BINARY(16)   NOT NULL,
    rotation   INT UNSIGNED NOT NULL,
    diner_id   BINARY(16)   NOT NULL,
    tries      INT UNSIGNED NOT NULL,
    last_at    DATETIME(6)  NOT NULL,
    PRIMARY KEY (feed_id, session_id, rotation, diner_id),
    -- Finds what is of no use any more.
    KEY code_tries_last_at (last_at)
) ENGINE = InnoDB;
