//! Every bound of the product that a client can meet, in one place.

/// Largest request body in bytes.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Most lines in one order.
pub const ORDER_LINES_MAX: usize = 100;
/// Largest quantity of one line.
pub const QUANTITY_MAX: u32 = 999;
/// Longest name (restaurant, item, station) in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest note in characters.
pub const NOTE_CHARS_MAX: usize = 200;
/// Longest label of a table in characters.
pub const TABLE_LABEL_CHARS_MAX: usize = 16;
/// Longest key of a station in bytes.
pub const STATION_KEY_BYTES_MAX: usize = 32;
/// Most stations of a restaurant.
pub const STATIONS_MAX: usize = 32;
/// Most tables of a restaurant.
pub const TABLES_MAX: usize = 500;
/// Most seats of a table.
pub const SEATS_MAX: u16 = 200;
/// Most items of a menu, withdrawn ones included.
pub const MENU_ITEMS_MAX: usize = 2_000;
/// Most diners of one table session.
pub const SESSION_DINERS_MAX: usize = 50;
/// Most requests to join that wait for an answer in one session.
pub const JOIN_REQUESTS_WAITING_MAX: usize = 10;
/// Most requests to join that a session remembers; beyond it, it forgets the oldest that does not wait.
pub const JOIN_REQUESTS_KEPT_MAX: usize = 200;
/// Minutes for which a request to join waits for an answer.
pub const JOIN_REQUEST_MINUTES: i64 = 10;
/// Digits of the code that a table shows to those who join it.
pub const VISIT_CODE_DIGITS: usize = 4;
/// Digits of the long code, which a table shows besides: nobody can guess it, so nobody's guesses lock it.
pub const LONG_CODE_DIGITS: usize = 12;
/// Most times that the codes of one session change.
pub const CODE_ROTATIONS_MAX: u32 = 500;
/// The last rotation with four digits. So a visit has at most five sets of them; then the long code is left.
pub const FOUR_DIGITS_ROTATION_LAST: u32 = 4;
/// Wrong digits that may come from one address without a pause, for one set of digits.
pub const CODE_TRIES_OF_A_SOURCE_FREE: u32 = 5;
/// Seconds that an address waits for each further try.
pub const CODE_TRY_PAUSE_SECONDS: u32 = 60;
/// Wrong guesses that are compared with one set of digits, wherever they come from, before it changes and counts no more.
pub const CODE_TRIES_MAX: u32 = 10;
/// Most people of a tenant, those who left included.
pub const MEMBERS_MAX: usize = 5_000;
/// Most times that one member is sent an invitation.
pub const INVITATIONS_MAX: u32 = 10;
/// Most roles of one member.
pub const ASSIGNMENTS_MAX: usize = 32;
/// Most roles of a tenant, retired ones included.
pub const ROLES_MAX: usize = 200;
/// Most groups of restaurants of a tenant.
pub const GROUPS_MAX: usize = 200;
/// Most restaurants of one group.
pub const GROUP_RESTAURANTS_MAX: usize = 500;
/// Most keys of machines of a tenant, revoked ones included.
pub const API_KEYS_MAX: usize = 1_000;
/// Most requests a minute that a key of a machine may be allowed: 1,000 a second.
pub const API_KEY_PER_MINUTE_MAX: u32 = 60_000;
/// Requests a minute of a key when nobody says how many: more than a till that is busy all day sends.
pub const API_KEY_PER_MINUTE_DEFAULT: u32 = 600;
/// Longest sealed text (a name, an e-mail address) in bytes of base64.
pub const SEALED_BYTES_MAX: usize = 1_024;
/// Longest idempotency key in bytes (visible ASCII).
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// Longest key of a claim in bytes; the column of the claims table has room for more.
pub const CLAIM_KEY_BYTES_MAX: usize = 255;
/// Longest correlation id in bytes.
pub const CORRELATION_ID_BYTES_MAX: usize = 64;
/// Largest amount of money in minor units, either sign.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;
/// Largest tax rate in basis points.
pub const TAX_RATE_BP_MAX: u16 = 10_000;
/// Commands that one committer may have, waiting or being committed.
pub const COMMITTER_QUEUE_MAX: usize = 1_024;
/// Commands in one transaction.
pub const BATCH_COMMANDS_MAX: usize = 256;
/// Bytes of events and answers in one transaction.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Largest payload of one event in bytes.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Most events of one page of a feed.
pub const PAGE_EVENTS_MAX: usize = 256;
/// Largest page of a feed in bytes.
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Most rows of one answer that lists things.
pub const LIST_ROWS_MAX: usize = 100;
/// Most bytes of the rows of one page of orders; a single order that is larger stands alone.
pub const LIST_BYTES_MAX: usize = 256 * 1024;
/// Longest wait of a query for `min_position`, in seconds.
pub const QUERY_WAIT_SECONDS_MAX: u64 = 5;
/// Shards that all feeds are spread over.
pub const SHARDS: u8 = 64;
/// Hours for which an answer is found again by its idempotency key.
pub const RECEIPT_HOURS: i64 = 24;
