//! The catalogue of problems.

use http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $status:literal $code:literal $title:literal,)*) => {
        /// What went wrong: a closed list, because clients branch on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = concat!("`", $code, "` (", stringify!($status), "): ", $title, ".")] $variant,)*
        }

        impl Code {
            /// Every problem there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name; the last part of the problem's `type`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it is called, the same whenever it happens.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$variant => $status,)* };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    };
}

codes! {
    MalformedRequest = 400 "malformed-request" "The request is not sound HTTP",
    MalformedJson = 400 "malformed-json" "The body is not JSON",
    InvalidField = 400 "invalid-field" "A field is missing, unknown or has a wrong value",
    IdempotencyKeyMissing = 400 "idempotency-key-missing" "The request has no Idempotency-Key",
    IdempotencyKeyInvalid = 400 "idempotency-key-invalid" "The Idempotency-Key is not 1 to 255 visible ASCII characters",
    BadCursor = 400 "bad-cursor" "The cursor cannot be read",
    TokenMissing = 401 "token-missing" "The request has no token",
    TokenInvalid = 401 "token-invalid" "The token is not valid",
    TokenExpired = 401 "token-expired" "The token has expired",
    TokenRevoked = 401 "token-revoked" "The token was revoked",
    LoginFailed = 401 "login-failed" "The e-mail address or the password is wrong",
    OutsideLoginFailed = 401 "outside-login-failed" "The log-in at the provider lets nobody in here",
    RefreshInvalid = 401 "refresh-invalid" "The refresh token is worthless: log in again",
    ApiKeyWorthless = 401 "api-key-worthless" "The key is unknown or revoked, or allows nothing",
    PermissionMissing = 403 "permission-missing" "The token does not allow this",
    NoRole = 403 "no-role" "The member has no role in any restaurant yet",
    MemberInactive = 403 "member-inactive" "The tenant has switched this access off",
    RightsExceeded = 403 "rights-exceeded" "Nobody gives or takes a right that they do not hold",
    SignUpClosed = 403 "sign-up-closed" "Nobody can sign up here",
    NotFound = 404 "not-found" "There is no such thing here",
    MethodNotAllowed = 405 "method-not-allowed" "The address does not take this method",
    BodyTooSlow = 408 "body-too-slow" "The body did not arrive in time",
    AlreadyDone = 409 "already-done" "This was done already",
    RestaurantExists = 409 "restaurant-exists" "The restaurant exists already",
    UnknownStation = 409 "unknown-station" "The restaurant has no such station",
    CurrencyMismatch = 409 "currency-mismatch" "The price is in another currency than the restaurant's",
    ItemNameTaken = 409 "item-name-taken" "Another item of the menu has this name",
    MenuFull = 409 "menu-full" "The menu is full",
    ItemWithdrawn = 409 "item-withdrawn" "The item is withdrawn",
    ItemAvailable = 409 "item-available" "The item is available already",
    TableOccupied = 409 "table-occupied" "The table has an open session",
    SessionClosed = 409 "session-closed" "The session is closed",
    AlreadyJoined = 409 "already-joined" "This diner has joined already",
    SessionFull = 409 "session-full" "The session is full",
    OrdersOpen = 409 "orders-open" "The session has open orders",
    UnknownSession = 409 "unknown-session" "There is no such session",
    NotJoined = 409 "not-joined" "This diner has not joined the session",
    DinerLeft = 409 "diner-left" "This diner has left the session",
    NoOpenSession = 409 "no-open-session" "The table has no open session",
    JoinRequestsFull = 409 "join-requests-full" "Too many ask to join this session",
    JoinNotWaiting = 409 "join-not-waiting" "The request to join does not wait for an answer",
    WrongCode = 409 "wrong-code" "These are not the digits that the table shows",
    CodeLocked = 409 "code-locked" "Digits let nobody in now",
    UnknownItem = 409 "unknown-item" "The menu has no such item",
    AmountTooLarge = 409 "amount-too-large" "The total of the order is too large",
    OrderNotPlaced = 409 "order-not-placed" "The order does not wait for acceptance",
    OrderNotCancellable = 409 "order-not-cancellable" "The order can no longer be cancelled",
    LineNotFired = 409 "line-not-fired" "The line does not wait to be cooked",
    LineNotCooking = 409 "line-not-cooking" "The line is not being cooked",
    LineNotReady = 409 "line-not-ready" "The line is not ready to be served",
    TenantNotNamed = 409 "tenant-not-named" "The account belongs to several tenants: name one",
    LastOwner = 409 "last-owner" "Nobody would be left who may change the staff",
    LastWayIn = 409 "last-way-in" "Nobody could log in to the account any more",
    UnknownRole = 409 "unknown-role" "There is no such role",
    UnknownGroup = 409 "unknown-group" "There is no such group of restaurants",
    UnknownRestaurant = 409 "unknown-restaurant" "The tenant has no such restaurant",
    RoleNameTaken = 409 "role-name-taken" "Another role has this name",
    RoleInUse = 409 "role-in-use" "Members have the role",
    RoleRetired = 409 "role-retired" "The role is retired",
    GroupNameTaken = 409 "group-name-taken" "Another group has this name",
    RestaurantInGroup = 409 "restaurant-in-group" "The restaurant belongs to the group already",
    RestaurantNotInGroup = 409 "restaurant-not-in-group" "The restaurant does not belong to the group",
    MemberState = 409 "member-state" "The member is in another state than this needs",
    AddressTaken = 409 "address-taken" "The tenant has a member with this address",
    InvitationsSpent = 409 "invitations-spent" "The member was sent as many invitations as anybody is",
    ApiKeyRevoked = 409 "api-key-revoked" "The key is revoked",
    TenantFull = 409 "tenant-full" "The tenant has as many of these as it can have",
    ProjectionBehind = 409 "projection-behind" "The view has not reached that position yet",
    CursorGone = 410 "cursor-gone" "Events cannot be continued from this cursor",
    LinkWorthless = 410 "link-worthless" "The link was used, replaced or has ended",
    BodyTooLarge = 413 "body-too-large" "The body is too large",
    UriTooLong = 414 "uri-too-long" "The address is too long",
    UnsupportedMediaType = 415 "unsupported-media-type" "The body must be application/json",
    IdempotencyKeyReused = 422 "idempotency-key-reused" "The Idempotency-Key was used for another request",
    UpgradeRequired = 426 "upgrade-required" "This address speaks WebSocket",
    RateLimited = 429 "rate-limited" "Too many requests",
    TooManyAttempts = 429 "too-many-attempts" "Too many tries: wait before the next one",
    Internal = 500 "internal" "Something is wrong on our side",
    QueueFull = 503 "queue-full" "Too many commands are waiting",
    Overloaded = 503 "overloaded" "Too many clients at once",
    TookTooLong = 503 "took-too-long" "The answer did not come in time",
    StoreUnavailable = 503 "store-unavailable" "The store cannot be reached",
    ProviderUnavailable = 503 "provider-unavailable" "The provider of the log-in does not answer",
    ShuttingDown = 503 "shutting-down" "The service is shutting down",
}

impl Code {
    /// Whether somebody was kept from what they may not do, which the audit keeps: no true token, no right, too
    /// often, or a secret that was guessed or has ended.
    #[must_use]
    pub fn is_denial(self) -> bool {
        let by_status =
            [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS].contains(&self.status());
        by_status || matches!(self, Self::LinkWorthless | Self::WrongCode | Self::CodeLocked)
    }

    /// The problem's `type`.
    #[must_use]
    pub fn urn(self) -> String {
        format!("urn:arisgourmet:problem:{}", self.as_str())
    }

    /// The problem with this stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}
