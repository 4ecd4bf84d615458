//! What guests hold before they have a token, and what is printed on tables.
//!
//! | what | lets its holder | ends |
//! |---|---|---|
//! | [`TableCode`], printed | ask to join whoever sits at the table now | when the restaurant replaces it |
//! | [`VisitDigits`], shown by who sits there | come in at once, after asking | with the visit, or when they change |
//! | [`GuestPass`], given to who asks | see what became of it; get a token as long as they sit there | with the visit |
//!
//! All three are made with one secret key and are checked with it alone: nothing is stored, and no event
//! holds any of them. Whether a restaurant, table, session or guest is there is for the caller to look up.

mod code;
mod digits;
mod key;
mod pass;

pub use code::TableCode;
pub use digits::VisitDigits;
pub use key::TableKey;
pub use pass::GuestPass;
