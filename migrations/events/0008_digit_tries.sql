-- How often somebody typed four digits that were not those of the table, for each set of digits of each session.
--
-- One row of all guesses together (its source is zero) and one of each address that guessed. The first is locked
-- before anything is compared, so that a thousand guesses at once, in however many processes, are no more than the few
-- that are allowed; what is not allowed is not counted, so the rows of a set are few too. Not events: whoever guesses
-- would fill the log of a restaurant.
--
-- It takes the place of `code_tries`, which counted by guest and not by address; a later file drops that one, when no
-- running service counts in it.
CREATE TABLE digit_tries (
    feed_id    BINARY(16)   NOT NULL,
    session_id BINARY(16)   NOT NULL,
    rotation   INT UNSIGNED NOT NULL,
    -- A keyed hash of the address: nobody reads here from where somebody came.
    source     BINARY(16)   NOT NULL,
    tries      INT UNSIGNED NOT NULL,
    first_at   DATETIME(6)  NOT NULL,
    PRIMARY KEY (feed_id, session_id, rotation, source),
    -- Finds what is of no use any more.
    KEY digit_tries_first_at (first_at)
) ENGINE = InnoDB;
